"""The record of a study: a durable log, Parquet parts and their schema, with verification, repair and compaction.

Only this package writes trials, curves, minima and curvature to a results directory, and reads them. No code here runs a trial,
interprets a sweep or computes a statistic. The rows come from `sweepgd.training` and `sweepgd.minimisers`, and
`sweepgd.analysis` uses them.
"""

from sweepgd.record.atomic_files import NoRoom
from sweepgd.record.lock import exclusively
from sweepgd.record.results import Minimum, Results, load, sweep_toml
from sweepgd.record.schema import CURVATURE, CURVES, MINIMA, SCHEMA_VERSION, TRIALS
from sweepgd.record.store import Store
from sweepgd.record.trial_record import TrialRecord, decode, encode, with_search_state

__all__ = [
    "CURVATURE",
    "CURVES",
    "MINIMA",
    "SCHEMA_VERSION",
    "TRIALS",
    "Minimum",
    "NoRoom",
    "Results",
    "Store",
    "TrialRecord",
    "decode",
    "encode",
    "exclusively",
    "load",
    "sweep_toml",
    "with_search_state",
]
