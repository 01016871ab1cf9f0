"""The map of learning rate and batch size."""

from math import sqrt
from typing import Any

import altair as alt

from sweepgd.analysis import rate_batch_map
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_scale, log_ticks
from sweepgd.report.charts.style import CROSS, HEIGHT, HIGHLIGHT, WIDTH, Chart, Missing, Rows, finished


def rate_batch(results: Results) -> Chart:
    """Return a map of the best objective by learning rate and batch size, both logarithmic, with divergence marked.

    A cell without completed runs shows the lowest last objective of pruned runs, with a ring. Raises Missing if there are fewer
    than two learning rates or batch sizes.
    """
    cells = rate_batch_map(results.trials).to_pylist()
    if len({cell["learning_rate"] for cell in cells}) < 2 or len({cell["batch_size"] for cell in cells}) < 2:
        raise Missing("the map needs at least two learning rates and two batch sizes")
    for cell in cells:
        cell["x"] = sqrt(cell["learning_rate_low"] * cell["learning_rate_high"])
        cell["y"] = sqrt(cell["batch_size_low"] * cell["batch_size_high"])
        cell["pruned"] = cell["pruned_objective"] is not None
        cell["objective"] = cell["pruned_objective"] if cell["pruned"] else cell["objective"]
    base = alt.Chart(alt.InlineData(cells))
    area = base.encode(
        x=alt.X("learning_rate_low:Q", title="learning rate", **_axis(cells, "learning_rate")),
        x2="learning_rate_high:Q",
        y=alt.Y("batch_size_low:Q", title="batch size", **_axis(cells, "batch_size")),
        y2="batch_size_high:Q",
    )
    layers = [area.mark_rect(fill="#DDDDDD", stroke="white")]
    values = [cell["objective"] for cell in cells if cell["objective"] is not None]
    if values:
        legend = alt.Legend(values=log_ticks(values), format=".3~g", gradientLength=HEIGHT - 60)
        colour = alt.Color("objective:Q", title="objective", scale=log_scale(values, scheme="viridis"), legend=legend)
        known = area.transform_filter("datum.objective !== null")
        layers.append(known.mark_rect(stroke="white").encode(color=colour))
        completed = [cell["objective"] for cell in cells if cell["objective"] is not None and not cell["pruned"]]
        if completed:
            best = area.transform_filter(f"!datum.pruned && datum.objective === {min(completed)!r}")
            layers.append(best.mark_rect(filled=False, stroke=HIGHLIGHT, strokeWidth=3))
    share = alt.Size("share_diverged:Q", scale=alt.Scale(domain=[0, 1], range=[0, 160]), legend=None)
    diverged = base.transform_filter("datum.share_diverged > 0").encode(x="x:Q", y="y:Q", size=share)
    marks = [(diverged, CROSS)]
    subtitle = "area of a cross: share of replicates that diverged; grey: none completed; outlined: lowest"
    if any(cell["pruned"] for cell in cells):
        marks.append((base.transform_filter("datum.pruned").encode(x="x:Q", y="y:Q"), "circle"))
        subtitle += "; ring: pruned, last value"
    # Black on white is visible on every colour.
    layers += [
        cells_of.mark_point(shape=shape, stroke=stroke, strokeWidth=width, opacity=1)
        for cells_of, shape in marks
        for stroke, width in (("white", 4), ("black", 1.8))
    ]
    return finished(
        alt.layer(*layers).properties(width=WIDTH, height=HEIGHT), "Best objective by learning rate and batch size", subtitle
    )


def _axis(cells: Rows, name: str) -> dict[str, Any]:
    """Return the options of a log axis over the bounds of the cells, with a tick at each level."""
    bounds = [cell[f"{name}_{end}"] for cell in cells for end in ("low", "high")]
    levels = sorted({cell[name] for cell in cells})
    axis = alt.Axis(values=levels, format=".3~g", grid=False, labelOverlap=True, labelSeparation=6)
    return {"scale": log_scale(bounds), "axis": axis}
