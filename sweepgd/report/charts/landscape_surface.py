"""Filled levels of the loss on a plane through a minimiser, with the optimizer's path on it."""

import json
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.report.charts.levels import Levels, areas
from sweepgd.report.charts.runs import label_of
from sweepgd.report.charts.style import HIGHLIGHT, Chart, Missing, Rows, finished, thinned
from sweepgd.report.numbers import percent, significant

SIDE = 330
Grid = npt.NDArray[np.float64]
AXES = {
    "parameters": ("first parameter", "second parameter"),
    "random": ("first random direction", "second random direction"),
    "principal components": ("first principal component", "second principal component"),
}


def landscape_surface(table: pa.Table, trials: pa.Table) -> Chart:
    """The loss on the plane, train beside held out, in the same logarithmic levels, the path from ring to dot.

    What is beyond the floating-point range is drawn as the highest level. Raises Missing where no loss is within it.
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
    sides = [(surface[name][0].as_py(), surface[name][-1].as_py()) for name in ("alpha", "beta")]
    panels = [_panel(part, grid, levels, path, sides, titles) for part, grid in grids.items()]
    rows = " and ".join(f"{settings['rows'][part]} {part}" for part in grids)
    ways = "white: the optimizer's path, from the ring to the dot; " if path else ""
    return finished(
        alt.hconcat(*panels, spacing=18),
        f"Loss around the minimiser of {label_of(trials, first['trial'], first['replicate'])}",
        f"{ways}{rows} rows" if first["train_loss"] is not None and settings["rows"] != {"train": 1} else ways.rstrip("; "),
    )


def _grid(surface: pa.Table, name: str) -> Grid:
    """A column as (β, α), NaN where it is null."""
    values = surface[name].to_numpy().astype(np.float64)
    return values.reshape(-1, len(pc.unique(surface["alpha"])))


def _titles(settings: dict[str, Any]) -> list[str]:
    shares = settings["explained"] or (None, None)
    return [
        name if share is None else f"{name} ({percent(share)} % of the path)"
        for name, share in zip(AXES[settings["axes"]], shares, strict=True)
    ]


def _panel(
    part: str, grid: Grid, levels: Levels, path: Rows, sides: list[tuple[float, float]], titles: list[str]
) -> alt.LayerChart:
    labels = [significant(levels.loss(step)) for step in range(levels.count)]
    shapes = [shape | {"loss": labels[shape["step"]]} for shape in areas(grid, levels, SIDE)]
    colour = alt.Color(
        "loss:O",
        title="loss from",
        scale=alt.Scale(domain=labels, scheme="viridis"),
        sort=labels,
        legend=alt.Legend(values=labels[:: 2 if len(labels) > 12 else 1][::-1], symbolType="square", symbolStrokeWidth=0),
    )
    # The shapes are in pixels already: no projection may fit them to the panel.
    filled = alt.Chart(alt.InlineData(shapes)).mark_geoshape(stroke="black", strokeWidth=0.25, strokeOpacity=0.35)
    filled = filled.encode(color=colour).project(type="identity", scale=1, translate=[0, 0])
    points = thinned(path)
    x, y = (
        alt.X(f"{name}:Q", title=title, scale=alt.Scale(domain=list(side), nice=False), axis=alt.Axis(grid=False))
        if index == 0
        else alt.Y(f"{name}:Q", title=title, scale=alt.Scale(domain=list(side), nice=False), axis=alt.Axis(grid=False))
        for index, (name, side, title) in enumerate(zip(("alpha", "beta"), sides, titles, strict=True))
    )
    way = alt.Chart(alt.InlineData(points or [{"alpha": None, "beta": None}])).encode(x=x, y=y)
    layers = [filled]
    # White on black, to be seen on every colour.
    layers += [
        way.mark_line(strokeWidth=width, color=colour_, clip=True, strokeJoin="round").encode(order="update:Q")
        for colour_, width in (("black", 3.4), ("white", 1.6))
    ]
    for index, fill in ((0, "transparent"), (-1, HIGHLIGHT)):
        end = alt.Chart(alt.InlineData(points[index:][:1])).encode(x=x, y=y)
        layers.append(end.mark_point(size=70, stroke="white", strokeWidth=2, fill=fill, opacity=1, clip=True))
    return alt.layer(*layers).properties(width=SIDE, height=SIDE, title=alt.Title(f"{part} loss", fontSize=12, anchor="middle"))
