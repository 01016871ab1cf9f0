"""Answers from recorded tables.

Every function takes and returns `pyarrow.Table`. Nothing here uses a running study, a model or a kernel.
"""

from sweepgd.analysis.best import best, ranked
from sweepgd.analysis.boundary import boundary
from sweepgd.analysis.claims import claims
from sweepgd.analysis.classes import classes
from sweepgd.analysis.configurations import configurations
from sweepgd.analysis.correlations import correlations
from sweepgd.analysis.curves import paths
from sweepgd.analysis.endings import endings
from sweepgd.analysis.expected_best import expected_best
from sweepgd.analysis.factors import FACTORS, by
from sweepgd.analysis.granulated import granulated
from sweepgd.analysis.importance import importance
from sweepgd.analysis.invariance import invariance
from sweepgd.analysis.learned_weights import learned_weights
from sweepgd.analysis.mean_curves import mean_curves
from sweepgd.analysis.rate_batch import rate_batch_map
from sweepgd.analysis.repeats import once
from sweepgd.analysis.runs_with_measures import measured
from sweepgd.analysis.sharpness import sharpness
from sweepgd.analysis.small_large import small_large
from sweepgd.analysis.stability import edge_of_stability, stability
from sweepgd.analysis.summary import summary

__all__ = [
    "FACTORS",
    "best",
    "boundary",
    "by",
    "claims",
    "classes",
    "configurations",
    "correlations",
    "edge_of_stability",
    "endings",
    "expected_best",
    "granulated",
    "importance",
    "invariance",
    "learned_weights",
    "mean_curves",
    "measured",
    "once",
    "paths",
    "ranked",
    "rate_batch_map",
    "sharpness",
    "small_large",
    "stability",
    "summary",
]
