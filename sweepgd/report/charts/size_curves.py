"""The objective against the learning rate for each batch size: a curve with a minimum at the best rate."""

import altair as alt
import pyarrow.compute as pc

from sweepgd.analysis import rate_batch_map
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_x, log_y
from sweepgd.report.charts.objective_axis import objective_axis
from sweepgd.report.charts.style import CROSS, MOST_PANELS, Chart, Missing, Rows, colours, finished, in_rows

WIDTH, HEIGHT = 240, 200
FEWEST_RATES = 3


def rate_curves(results: Results) -> Chart:
    """Return a chart of the lowest objective at each learning rate, with a line for each batch size and a panel per optimizer.

    A cross at the upper edge marks a rate at which no run of the batch size completed and at least one run diverged. Raises
    Missing if no optimizer has two batch sizes with FEWEST_RATES rates.
    """
    trials, cells = results.trials, {}
    for optimizer in sorted(pc.unique(trials["optimizer"]).drop_null().to_pylist()):
        rows = rate_batch_map(trials.filter(pc.equal(trials["optimizer"], optimizer))).to_pylist()
        sizes = [row["batch_size"] for row in rows if row["objective"] is not None]
        if len({size for size in sizes if sizes.count(size) >= FEWEST_RATES}) > 1:
            cells[optimizer] = rows
    if not cells:
        raise Missing(f"curves by learning rate need two batch sizes with {FEWEST_RATES} learning rates of an optimizer")
    shown = {name: cells[name] for name in list(cells)[:MOST_PANELS]}
    every = [row for rows in shown.values() for row in rows]
    groups = sorted({row["batch_size"] for row in every})
    name, title, factor = objective_axis(trials)
    for row in every:
        row["objective"] = None if row["objective"] is None else factor * row["objective"]
    values = [row["objective"] for row in every if row["objective"] is not None]
    panels = [_panel(optimizer, rows, groups, values, title) for optimizer, rows in shown.items()]
    subtitle = "a point is the lowest value of all configurations with its rate and batch size, and is therefore biased low"
    if any(_is_lost(row) for row in every):
        subtitle += "; cross: no run completed, some diverged"
    return finished(in_rows(panels), f"{name.capitalize()} by learning rate and batch size", subtitle)


def _is_lost(row: dict[str, float | None]) -> bool:
    return row["objective"] is None and bool(row["share_diverged"])


def _panel(optimizer: str, rows: Rows, groups: list[int], values: list[float], title: str) -> Chart:
    points = [{"rate": row["learning_rate"], "batch": row["batch_size"], "objective": row["objective"]} for row in rows]
    known = [point for point in points if point["objective"] is not None]
    lost = [point | {"objective": max(values)} for point, row in zip(points, rows, strict=True) if _is_lost(row)]
    x = log_x("rate", "learning rate", [row["learning_rate"] for row in rows], labelOverlap=True)
    y, colour = log_y("objective", title, values), colours("batch", groups, "batch size", ordered=True)
    lines = alt.Chart(alt.InlineData(known)).mark_line(strokeWidth=1.6, point=alt.OverlayMarkDef(size=24))
    layers = [lines.encode(x=x, y=y, color=colour)]
    if lost:
        crosses = alt.Chart(alt.InlineData(lost)).mark_point(shape=CROSS, size=30, strokeWidth=1.6, opacity=1)
        layers.append(crosses.encode(x=x, y=y, color=colour))
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=alt.Title(optimizer, anchor="start", fontSize=12))
