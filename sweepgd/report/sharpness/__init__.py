"""Terminal tables of `sweepgd.analysis.sharpness`."""

from collections.abc import Callable, Sequence

from sweepgd.report.question_table import Answer, Row
from sweepgd.report.sharpness.edge_table import stability
from sweepgd.report.sharpness.invariance_table import invariance
from sweepgd.report.sharpness.overview_table import measures
from sweepgd.report.sharpness.rank_table import correlations, granulated
from sweepgd.report.sharpness.small_large_table import small_large

SHARPNESS: dict[str, Callable[[Sequence[Row]], Answer]] = {
    "measures": measures,
    "correlations": correlations,
    "granulated": granulated,
    "small_large": small_large,
    "stability": stability,
    "invariance": invariance,
}

__all__ = ["SHARPNESS"]
