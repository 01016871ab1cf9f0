"""Filled contours of the loss on a plane through a minimiser, with the optimizer's path."""

import json
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.report.charts.contours import Levels, areas
from sweepgd.report.charts.run_label import label_of
from sweepgd.report.charts.style import HIGHLIGHT, Chart, Missing, Rows, finished, thinned
from sweepgd.report.number_format import significant

SIDE = 330
Grid = npt.NDArray[np.float64]
AXES = {
    "parameters": ("first parameter", "second parameter"),
    "random": ("first random direction", "second random direction"),
    "principal components": ("first principal component", "second principal component"),
}


def landscape_surface(table: pa.Table, trials: pa.Table) -> Chart:
    """Return a chart of the train and held-out loss on the plane, with the same logarithmic levels, and of the optimizer's
    path.

    A ring marks the start of the path, and a dot its end. Losses beyond the floating-point range are drawn as the highest
    level. Raises Missing if the loss is beyond the range on the whole plane.
    """
    surface = table.filter(pc.equal(table["kind"], "surface"))
    path = table.filter(pc.equal(table["kind"], "path")).select(["alpha", "beta", "update"]).to_pylist()
    grids = {
        part: _grid(surface, f"{part}_loss")
        for part in ("train", "validation", "test")
        if pc.any(pc.is_valid(surface[f"{part}_loss"])).as_py()
    }
    if not grids:
        raise Missing("the loss on the whole plane is beyond the floating-point range")
    levels = Levels.over(np.concatenate([grid[np.isfinite(grid)] for grid in grids.values()]))
    first = surface.slice(0, 1).to_pylist()[0]
    settings = json.loads(first["settings"])
    titles = _titles(settings)
    sides = [[surface[name][0].as_py(), surface[name][-1].as_py()] for name in ("alpha", "beta")]
    panels = [_panel(part, grid, levels, path, sides, titles) for part, grid in grids.items()]
    notes = ["the optimizer's path from ring to dot, with a point at each evaluation"] if path else []
    if len(grids) > 1:  # an analytic surface has one part, without data
        notes.append(" and ".join(f"{settings['rows'][part]} {part}" for part in grids) + " rows")
    if any(np.isnan(grid).any() for grid in grids.values()):
        notes.append("losses beyond the floating-point range are drawn as the highest level")
    return finished(
        alt.hconcat(*panels, spacing=18),
        f"Loss around the minimiser of {label_of(trials, first['trial'], first['replicate'])}",
        "; ".join(notes),
    )


def _grid(surface: pa.Table, name: str) -> Grid:
    """Return a column as an array (β, α), with NaN for null."""
    values = surface[name].to_numpy().astype(np.float64)
    return values.reshape(-1, len(pc.unique(surface["alpha"])))


def _titles(settings: dict[str, Any]) -> list[str]:
    shares = settings["explained"] or (None, None)
    return [
        name if share is None else f"{name}, {share:.1%} of variance"
        for name, share in zip(AXES[settings["axes"]], shares, strict=True)
    ]


def _panel(part: str, grid: Grid, levels: Levels, path: Rows, sides: list[list[float]], titles: list[str]) -> Chart:
    # If some losses are not positive, the legend shows differences from the lowest loss.
    title, below = ("loss from", 0.0) if levels.floor == 0.0 else (f"above {significant(levels.low)}", levels.low)
    labels = [significant(levels.loss(step) - below) for step in range(levels.count)]
    legend = alt.Legend(
        values=list(range(0, levels.count, 2))[::-1],
        labelExpr=f"{json.dumps(labels)}[datum.value]",
        symbolType="square",
        symbolStrokeWidth=0,
    )
    steps = alt.Scale(domain=list(range(levels.count)), scheme="viridis")
    colour = alt.Color("step:O", title=title, scale=steps, legend=legend)
    # The shapes are in pixels already, so a projection must not scale them to the panel.
    filled = alt.Chart(alt.InlineData(areas(grid, levels, SIDE))).mark_geoshape(
        stroke="black", strokeWidth=0.25, strokeOpacity=0.35
    )
    filled = filled.encode(color=colour).project(type="identity", scale=1, translate=[0, 0])
    points = thinned(path)
    (x_side, x_title), (y_side, y_title) = zip(sides, titles, strict=True)
    axis = alt.Axis(grid=False, tickCount=6, format=".3~g")
    x = alt.X("alpha:Q", title=x_title, scale=alt.Scale(domain=x_side, nice=False), axis=axis)
    y = alt.Y("beta:Q", title=y_title, scale=alt.Scale(domain=y_side, nice=False), axis=axis)
    ends = [points[0] | {"end": "start"}, points[-1] | {"end": "end"}] if points else []
    optimizer_path = alt.Chart(alt.InlineData(points)).encode(x=x, y=y)
    marks = alt.Chart(alt.InlineData(ends)).encode(x=x, y=y)
    ring = marks.transform_filter("datum.end === 'start'").mark_point(size=80, stroke="white", strokeWidth=2, opacity=1)
    # White on black is visible on every colour.
    lines = [
        optimizer_path.mark_line(strokeWidth=width, color=stroke, clip=True, strokeJoin="round").encode(order="update:Q")
        for stroke, width in (("black", 3.0), ("white", 1.4))
    ]
    evaluations = optimizer_path.mark_circle(size=14, color="white", opacity=1, clip=True)
    dot = marks.transform_filter("datum.end === 'end'").mark_point(
        size=80, stroke="white", strokeWidth=1.6, fill=HIGHLIGHT, opacity=1
    )
    layers = alt.layer(filled, *lines, evaluations, ring, dot)
    return layers.properties(width=SIDE, height=SIDE, title=alt.Title(f"{part} loss", fontSize=12, anchor="middle"))
