"""The charts of a study by name: each a function of its trials and curves that gives a chart or raises Missing."""

from collections.abc import Callable

import pyarrow as pa

from sweepgd.report.charts.by_rate import by_rate
from sweepgd.report.charts.loss_curves import loss_curves
from sweepgd.report.charts.rate_batch import rate_batch
from sweepgd.report.charts.style import Chart, Missing
from sweepgd.report.charts.surface_paths import surface_paths

CHARTS: dict[str, Callable[[pa.Table, pa.Table], Chart]] = {
    "loss_curves": loss_curves,
    "rate_batch_map": rate_batch,
    "by_learning_rate": by_rate,
    "surface_paths": surface_paths,
}

__all__ = ["CHARTS", "Chart", "Missing", "by_rate", "loss_curves", "rate_batch", "surface_paths"]
