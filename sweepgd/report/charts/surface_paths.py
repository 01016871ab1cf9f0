"""The path of each optimizer on a two-dimensional surface."""

from itertools import groupby

import altair as alt
import numpy as np

from sweepgd.analysis import paths
from sweepgd.record import Results
from sweepgd.report.charts.style import HEIGHT, MOST_POINTS, WIDTH, Chart, Missing, Rows, colours, finished
from sweepgd.report.number_format import short


def surface_paths(results: Results) -> Chart:
    """Return a chart of the path of each optimizer's best configuration, from a ring to a dot.

    Raises Missing if no completed run recorded positions in two dimensions.
    """
    rows: Rows = []
    ends: Rows = []
    for optimizer, line in groupby(paths(results.trials, results.curves).to_pylist(), lambda row: row["optimizer"]):
        points = _along(list(line))
        label = f"{optimizer} ({short(points[0]['learning_rate'])})"
        rows += [{"x": row["x"], "y": row["y"], "update": row["update"], "run": label} for row in points]
        ends += [rows[-len(points)] | {"end": "start"}, rows[-1] | {"end": "end"}]
    if not rows:
        raise Missing("no completed run recorded positions on a two-dimensional surface")
    x = alt.X("x:Q", title="first parameter", scale=alt.Scale(zero=False))
    y = alt.Y("y:Q", title="second parameter", scale=alt.Scale(zero=False))
    colour = colours("run", [row["run"] for row in ends if row["end"] == "end"], "optimizer (rate)", ordered=False)
    path = alt.Chart(alt.InlineData(rows)).mark_line(strokeWidth=1.6).encode(x=x, y=y, color=colour, order="update:Q")
    marks = alt.Chart(alt.InlineData(ends))
    start = marks.transform_filter("datum.end === 'start'").mark_point(size=80, strokeWidth=1.6)
    end = marks.transform_filter("datum.end === 'end'").mark_point(size=70, filled=True, opacity=1)
    layers = alt.layer(path, *(one.encode(x=x, y=y, color=colour) for one in (start, end)))
    return finished(
        layers.properties(width=WIDTH, height=HEIGHT),
        "Path of each optimizer at its best",
        "from the ring to the dot; first completed replicate",
    )


def _along(line: Rows) -> Rows:
    """Return at most MOST_POINTS rows of a path, evenly spaced along its length, including the first and the last.

    Rows that are evenly spaced in time would miss the fast beginning of a long run.
    """
    if len(line) <= MOST_POINTS:
        return line
    steps = np.hypot(np.diff([row["x"] for row in line]), np.diff([row["y"] for row in line]))
    length = np.concatenate([[0.0], np.cumsum(steps)])
    places = np.searchsorted(length, np.linspace(0, length[-1], MOST_POINTS - 1))
    return [line[place] for place in np.union1d(np.minimum(places, len(line) - 1), [len(line) - 1])]
