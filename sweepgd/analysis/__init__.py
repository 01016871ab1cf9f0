"""Answers from recorded tables: every function takes and gives `pyarrow.Table`, and none needs a live study."""

from sweepgd.analysis.best import best, ranked
from sweepgd.analysis.configurations import configurations
from sweepgd.analysis.curves import best_curves, paths
from sweepgd.analysis.factors import FACTORS, by
from sweepgd.analysis.rate_batch import rate_batch_map
from sweepgd.analysis.summary import summary
from sweepgd.analysis.weights import learned_weights

__all__ = [
    "FACTORS",
    "best",
    "best_curves",
    "by",
    "configurations",
    "learned_weights",
    "paths",
    "ranked",
    "rate_batch_map",
    "summary",
]
