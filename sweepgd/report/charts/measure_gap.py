"""Measures of sharpness against the generalization gap."""

from typing import Any

import altair as alt
import numpy as np

from sweepgd.analysis.arrow_columns import floats
from sweepgd.analysis.binning import batch_levels
from sweepgd.analysis.correlations import ALL, correlations
from sweepgd.analysis.runs_with_measures import catalogue_entry, completed, measure_names, measured
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_x, log_y
from sweepgd.report.charts.style import MOST_PANELS, PANEL_HEIGHT, PANEL_WIDTH, Chart, Missing, Rows, colours, finished, in_rows

# Measures that are shown before all others, in this order. At most MOST_PANELS measures are shown.
PREFERRED = ("lambda_max", "trace", "phi", "asam", "relative_flatness", "fisher_trace")
# More points could not be distinguished, and each would add to the size of the file.
MOST_RUNS = 2000


def measure_gap(results: Results) -> Chart:
    """Return a chart of the generalization gap of each run against its measures, with a panel per measure.

    The colour is the batch size. Raises Missing if no run has both a measure and a gap.
    """
    runs = measured(results.trials, results.curvature, results.curves)
    completed_runs = completed(runs)
    shown = completed_runs.take(np.random.default_rng(0).permutation(completed_runs.num_rows)[:MOST_RUNS])
    gaps, sizes = floats(shown, "generalization_gap"), floats(shown, "batch_size")
    groups = np.unique(batch_levels(sizes[~np.isnan(gaps) & ~np.isnan(sizes)])).astype(int).tolist()
    found = {row["measure"]: row for row in correlations(runs).to_pylist() if row["among"] == ALL}
    panels = []
    for name in _chosen(runs.column_names, measure_names(runs)):
        values = floats(shown, name)
        known = ~np.isnan(values) & ~np.isnan(gaps) & ~np.isnan(sizes)
        rows: Rows = [
            {"measure": float(value), "gap": float(gap), "batch": int(size)}
            for value, gap, size in zip(values[known], gaps[known], batch_levels(sizes)[known], strict=True)
        ]
        if rows:
            panels.append(_panel(name, rows, found[name], groups))
    if not panels:
        raise Missing("no completed run has a measure of curvature and a generalization gap")
    return finished(
        in_rows(panels),
        "Measures of sharpness against the generalization gap",
        "a point is a run; τ-b of runs with the same seed, with 95 % interval; batch size and rate may affect measure and gap",
    )


def _chosen(columns: list[str], names: list[str]) -> list[str]:
    """Return the recorded names to show, one for each measure. Preferred measures come first."""
    first: dict[str, str] = {}
    for name in names:
        entry = catalogue_entry(name)
        first.setdefault(name if entry is None else entry.name, name)
    ordered = [*(name for name in PREFERRED if name in first), *(name for name in first if name not in PREFERRED)]
    return [first[name] for name in ordered][:MOST_PANELS]


def _panel(name: str, rows: Rows, found: dict[str, Any], groups: list[int]) -> alt.Chart:
    tau = "τ undefined: " + str(found["message"]) if found["kendall"] is None else f"τ {found['kendall']:+.2f}"
    if found["kendall_low"] is not None:
        tau += f"  [{found['kendall_low']:+.2f}, {found['kendall_high']:+.2f}]"
    marks = alt.Chart(alt.InlineData(rows), width=PANEL_WIDTH, height=PANEL_HEIGHT).mark_point(
        filled=True, size=30, opacity=0.8
    )
    return marks.encode(
        x=log_x("measure", name, [row["measure"] for row in rows], labelOverlap=True),
        y=log_y("gap", "generalization gap", [row["gap"] for row in rows]),
        color=colours("batch", groups, "batch size", ordered=True),
    ).properties(title=alt.Title(tau, anchor="start", fontSize=11, fontWeight="normal", offset=4))
