"""The objective against each hyperparameter that the study varied."""

from typing import Any

import altair as alt
import numpy as np
import pyarrow as pa

from sweepgd.analysis import configurations
from sweepgd.analysis.arrow_columns import floats
from sweepgd.analysis.varied_hyperparameters import values_of_axes
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_x, log_y
from sweepgd.report.charts.objective_axis import objective_axis
from sweepgd.report.charts.style import COLOURS, PANEL_HEIGHT, PANEL_WIDTH, Chart, Missing, Rows, finished, in_rows
from sweepgd.report.column_titles import column_title

# More points could not be distinguished, and each would add to the size of the file.
MOST_CONFIGURATIONS = 1000
MOST_SLICES = 9
# Values are marked on the axis if there are at most so many of them.
MOST_TICKS = 12


def objective_slices(results: Results) -> Chart:
    """Return a chart of the objective of each configuration against each varied hyperparameter, with a panel for each.

    Raises Missing if fewer than two hyperparameters vary, or if fewer than two configurations have an objective.
    """
    every = configurations(results.trials)
    every = every.filter(pa.array(~np.isnan(floats(every, "objective"))))
    axes = values_of_axes(every)
    if every.num_rows < 2 or len(axes) < 2:
        raise Missing("slices need completed configurations that differ in two hyperparameters")
    name, title, factor = objective_axis(results.trials)
    objective = factor * floats(every, "objective")
    shown = np.sort(np.random.default_rng(0).permutation(every.num_rows)[:MOST_CONFIGURATIONS])
    # Of more hyperparameters than there are panels, the first are shown: optimizer, batch size, learning rate and schedule.
    panels = [_panel(axis, values, objective, shown, title) for axis, values in list(axes.items())[:MOST_SLICES]]
    subtitle = "a point is a configuration's mean over completed replicates"
    if len(shown) < every.num_rows:
        subtitle += f"; {len(shown):,} of {every.num_rows:,}, drawn at random"
    return finished(in_rows(panels), f"{name.capitalize()} by each hyperparameter", subtitle)


def _panel(axis: str, values: list[Any], objective: Any, shown: Any, measured: str) -> alt.Chart:
    rows: Rows = [
        {"value": values[index], "objective": float(objective[index])} for index in shown if values[index] is not None
    ]
    numbers = all(isinstance(row["value"], (int, float)) for row in rows)
    title = column_title(axis)
    marks = alt.Chart(alt.InlineData(rows), width=PANEL_WIDTH, height=PANEL_HEIGHT)
    y = log_y("objective", measured, [row["objective"] for row in rows])
    if numbers:
        x = log_x("value", title, [row["value"] for row in rows], labelOverlap=True)
        tried = sorted({row["value"] for row in rows})
        if len(tried) <= MOST_TICKS:
            x["axis"]["values"] = tried
    else:
        rows[:] = [{**row, "value": str(row["value"])} for row in rows]
        x = alt.X("value:N", title=title, axis=alt.Axis(labelLimit=90, labelAngle=-30))
    return marks.mark_point(filled=True, size=22, opacity=0.5, color=COLOURS[0]).encode(x=x, y=y)
