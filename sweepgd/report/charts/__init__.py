"""The charts of a study by name. Each chart is a function of the study's results that returns the chart or raises Missing."""

from collections.abc import Callable

from sweepgd.report.charts.boundary_map import boundary_map
from sweepgd.report.charts.by_rate import by_rate
from sweepgd.report.charts.density_chart import spectral_density
from sweepgd.report.charts.edge_chart import edge_of_stability
from sweepgd.report.charts.equal_chart import equal_by_batch_size
from sweepgd.report.charts.errors_chart import error_by_batch_size
from sweepgd.report.charts.expected_chart import expected_by_trials
from sweepgd.report.charts.first_layer_chart import first_layer
from sweepgd.report.charts.importance_chart import hyperparameter_importance
from sweepgd.report.charts.loss_curves import loss_curves
from sweepgd.report.charts.measure_gap import measure_gap
from sweepgd.report.charts.mistakes_chart import mistakes
from sweepgd.report.charts.rate_batch_map import rate_batch
from sweepgd.report.charts.rates_chart import rate_by_batch_size
from sweepgd.report.charts.size_curves import rate_curves
from sweepgd.report.charts.slices_chart import objective_slices
from sweepgd.report.charts.steps_chart import steps_by_batch_size
from sweepgd.report.charts.style import Chart, Missing
from sweepgd.report.charts.surface_paths import surface_paths
from sweepgd.report.charts.times_chart import time_by_batch_size

CHARTS: dict[str, Callable[..., Chart]] = {
    "loss_curves": loss_curves,
    "rate_batch_map": rate_batch,
    "by_learning_rate": by_rate,
    "rate_curves": rate_curves,
    "boundary_map": boundary_map,
    "surface_paths": surface_paths,
    "measure_against_gap": measure_gap,
    "edge_of_stability": edge_of_stability,
    "spectral_density": spectral_density,
    "steps_by_batch_size": steps_by_batch_size,
    "rate_by_batch_size": rate_by_batch_size,
    "time_by_batch_size": time_by_batch_size,
    "equal_by_batch_size": equal_by_batch_size,
    "error_by_batch_size": error_by_batch_size,
    "expected_best": expected_by_trials,
    "importance": hyperparameter_importance,
    "slices": objective_slices,
    "mistakes": mistakes,
    "first_layer": first_layer,
}
# The arguments that a chart takes besides the results. `level` is the target, by default the goal of the sweep.
ARGUMENTS = {"loss_curves": ("by", "x"), "steps_by_batch_size": ("level",), "rate_by_batch_size": ("level",)}

__all__ = [
    "ARGUMENTS",
    "CHARTS",
    "Chart",
    "Missing",
    "boundary_map",
    "by_rate",
    "edge_of_stability",
    "equal_by_batch_size",
    "error_by_batch_size",
    "expected_by_trials",
    "first_layer",
    "hyperparameter_importance",
    "loss_curves",
    "measure_gap",
    "mistakes",
    "objective_slices",
    "rate_batch",
    "rate_by_batch_size",
    "rate_curves",
    "spectral_density",
    "steps_by_batch_size",
    "surface_paths",
    "time_by_batch_size",
]
