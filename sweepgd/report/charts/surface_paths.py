"""The paths of optimizers on a two-dimensional surface, over the contours of its loss."""

import altair as alt
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis import paths
from sweepgd.core.errors import SweepgdError
from sweepgd.record import Results
from sweepgd.report.charts.contours import Levels, areas
from sweepgd.report.charts.style import COLOURS, CROSS, HIGHLIGHT, MOST_POINTS, Chart, Missing, Rows, finished, in_rows
from sweepgd.report.number_format import short

Array = npt.NDArray[np.float64]

# With four panels in a row, the picture of nine panels is wider than high.
SIDE, LONE_SIDE, COLUMNS = 230, 400, 4
# The number of points along a side at which the loss is computed, and the space around the paths as a share of their extent.
RESOLUTION, MARGIN = 101, 0.08
CONTOURS = "contours"


def surface_paths(results: Results) -> Chart:
    """Return a chart with a panel for each configuration: its path, from a ring to a dot, over contours of the loss.

    A cross marks the minimum, found from the lowest point of the grid on which the loss is drawn. If many configurations
    completed, only the best one of each optimizer is drawn. Without the model of the recorded sweep, there are no contours.
    Raises Missing if no completed run recorded positions in two dimensions.
    """
    table = paths(results.trials, results.curves)
    lines = [_thinned(table.filter(pc.equal(table["trial"], trial))) for trial in pc.unique(table["trial"])]
    if not lines:
        raise Missing("no completed run recorded positions on a two-dimensional surface")
    from sweepgd.minimisers.landscape.recorded_surface import RecordedSurface  # takes 2 s to import, with Numba

    x, y = (_side([row[name] for line in lines for row in line]) for name in "xy")
    side = SIDE if len(lines) > 1 else LONE_SIDE
    about: list[str] = []
    notes = ["ring: start; dot: end; first completed replicate"]
    shapes: Rows = []
    lowest: Rows = []
    try:
        surface = RecordedSurface.of(results, lines[0][0]["trial"])
        about = [surface.description]
        losses = surface.losses(x, y)
        if np.isfinite(losses).any():
            shapes = areas(losses, Levels.over(losses[np.isfinite(losses)]), side)
            row, column = np.unravel_index(np.nanargmin(losses), losses.shape)
            found = surface.lowest_near(np.array([x[column], y[row]]), x, y)
            lowest = [dict(zip("xy", found.tolist(), strict=True))]
            # A surface such as a saddle may fall further outside of the picture.
            inside = all(values[0] < place < values[-1] for place, values in zip(found, (x, y), strict=True))
            notes += ["dark: low loss, in steps of its logarithm", f"cross: {'minimum' if inside else 'lowest point drawn'}"]
    except SweepgdError as problem:
        notes.append(f"without contours: {problem}")
    below = [_contours()] if shapes else []
    chart = in_rows([_panel(line, below, lowest, (x, y), side) for line in lines], COLUMNS)
    # Altair would check and copy the shapes for each panel, which takes seconds.
    chart.datasets = {CONTOURS: shapes}
    name = results.trials.filter(pc.equal(results.trials["trial"], lines[0][0]["trial"]))["model"][0].as_py()
    return finished(chart, f"Paths of the optimizers on {name}", [*about, "; ".join(notes)])


def _contours() -> alt.Chart:
    """Return filled contours of the loss, darker where the loss is lower. The data set CONTOURS holds the areas."""
    shade = alt.Color("step:Q", scale=alt.Scale(scheme=alt.SchemeParams(name="greys", extent=[0.55, 0.0])), legend=None)
    # The shapes are in pixels already, so a projection must not scale them to the panel.
    filled = alt.Chart(alt.NamedData(CONTOURS)).mark_geoshape(stroke="white", strokeWidth=0.4)
    return filled.encode(color=shade).project(type="identity", scale=1, translate=[0, 0])


def _panel(line: Rows, contours: list[alt.Chart], lowest: Rows, sides: tuple[Array, ...], side: int) -> Chart:
    across, up = (alt.Scale(domain=[values[0], values[-1]], nice=False) for values in sides)
    axis = alt.Axis(grid=False, tickCount=6)
    x = alt.X("x:Q", title="x1", scale=across, axis=axis)
    y = alt.Y("y:Q", title="x2", scale=up, axis=axis)
    path = alt.Chart(alt.InlineData(line)).mark_line(strokeWidth=1.2, color=HIGHLIGHT, strokeJoin="round", clip=True)
    ends = [line[0] | {"end": "start"}, line[-1] | {"end": "end"}]
    marks = alt.Chart(alt.InlineData(ends)).encode(x=x, y=y)
    ring = marks.transform_filter("datum.end === 'start'").mark_point(size=70, stroke="black", strokeWidth=1.6, opacity=1)
    dot = marks.transform_filter("datum.end === 'end'").mark_point(size=60, stroke="white", fill="black", opacity=1)
    cross = alt.Chart(alt.InlineData(lowest)).mark_point(shape=CROSS, size=90, stroke=COLOURS[0], strokeWidth=2.2, opacity=1)
    found = [cross.encode(x=x, y=y)] if lowest else []
    layers = [*contours, path.encode(x=x, y=y, order="update:Q"), *found, ring, dot]
    first = line[0]
    schedule = "" if first["schedule"] == "constant" else f", {first['schedule']}"
    title = alt.Title(f"{first['optimizer']}, rate {short(first['learning_rate'])}{schedule}", fontSize=12, anchor="middle")
    return alt.layer(*layers).properties(width=side, height=side, title=title)


def _side(values: list[float]) -> Array:
    """Return the coordinates of the grid along one axis. `values` are the coordinates of the paths along this axis."""
    low, high = min(values), max(values)
    margin = MARGIN * (high - low) or 1.0
    return np.linspace(low - margin, high + margin, RESOLUTION)


def _thinned(line: pa.Table) -> Rows:
    """Return at most MOST_POINTS rows of a path. Half of these rows are the first rows of the path. The other half are evenly
    spaced along the length of the path.

    Rows evenly spaced in time would miss the fast beginning of a long run, and rows evenly spaced along the length would miss
    the beginning of a path that goes back and forth later.
    """
    if line.num_rows > MOST_POINTS:
        steps = np.hypot(*(np.diff(line[name].to_numpy()) for name in "xy"))
        length, begun = np.concatenate([[0.0], np.cumsum(steps)]), MOST_POINTS // 2
        later = np.searchsorted(length, np.linspace(length[begun], length[-1], MOST_POINTS - begun - 1))
        line = line.take(pa.array(np.union1d(np.arange(begun), np.append(later, line.num_rows - 1))))
    rows: Rows = line.to_pylist()
    return rows
