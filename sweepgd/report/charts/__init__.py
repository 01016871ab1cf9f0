"""The charts of a study by name. Each chart is a function of the study's results that returns the chart or raises Missing."""

from collections.abc import Callable

from sweepgd.record import Results
from sweepgd.report.charts.by_rate import by_rate
from sweepgd.report.charts.density_chart import spectral_density
from sweepgd.report.charts.edge_chart import edge_of_stability
from sweepgd.report.charts.loss_curves import loss_curves
from sweepgd.report.charts.measure_gap import measure_gap
from sweepgd.report.charts.rate_batch_map import rate_batch
from sweepgd.report.charts.style import Chart, Missing
from sweepgd.report.charts.surface_paths import surface_paths

CHARTS: dict[str, Callable[[Results], Chart]] = {
    "loss_curves": loss_curves,
    "rate_batch_map": rate_batch,
    "by_learning_rate": by_rate,
    "surface_paths": surface_paths,
    "measure_against_gap": measure_gap,
    "edge_of_stability": edge_of_stability,
    "spectral_density": spectral_density,
}

__all__ = [
    "CHARTS",
    "Chart",
    "Missing",
    "by_rate",
    "edge_of_stability",
    "loss_curves",
    "measure_gap",
    "rate_batch",
    "spectral_density",
    "surface_paths",
]
