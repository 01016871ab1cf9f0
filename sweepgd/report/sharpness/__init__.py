"""Terminal tables of `sweepgd.analysis.sharpness`."""

from collections.abc import Callable, Sequence

from sweepgd.report.answer import Answer, Row
from sweepgd.report.sharpness.invariance import invariance
from sweepgd.report.sharpness.measures import measures
from sweepgd.report.sharpness.ranks import correlations, granulated
from sweepgd.report.sharpness.small_large import small_large
from sweepgd.report.sharpness.stability import stability

SHARPNESS: dict[str, Callable[[Sequence[Row]], Answer]] = {
    "measures": measures,
    "correlations": correlations,
    "granulated": granulated,
    "small_large": small_large,
    "stability": stability,
    "invariance": invariance,
}

__all__ = ["SHARPNESS"]
