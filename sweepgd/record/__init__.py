"""The record of a study: its results, written durably and readable with any Parquet reader."""

from sweepgd.record.files import NoRoom
from sweepgd.record.finished import Finished, decode, encode, with_search_state
from sweepgd.record.load import Minimum, Results, load, sweep_toml
from sweepgd.record.lock import exclusively
from sweepgd.record.schema import CURVATURE, CURVES, MINIMA, SCHEMA_VERSION, TRIALS
from sweepgd.record.store import Store

__all__ = [
    "CURVATURE",
    "CURVES",
    "MINIMA",
    "SCHEMA_VERSION",
    "TRIALS",
    "Finished",
    "Minimum",
    "NoRoom",
    "Results",
    "Store",
    "decode",
    "encode",
    "exclusively",
    "load",
    "sweep_toml",
    "with_search_state",
]
