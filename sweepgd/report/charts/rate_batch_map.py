"""The map of learning rate and batch size."""

import altair as alt

from sweepgd.analysis import rate_batch_map
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_scale, log_ticks
from sweepgd.report.charts.objective_axis import objective_axis
from sweepgd.report.charts.style import CROSS, HEIGHT, HIGHLIGHT, WIDTH, Chart, Missing, finished

MOST_LEVEL_LABELS = 9
# A few very high values would otherwise leave one colour for all good cells.
HIGHEST_TO_LOWEST = 10.0


def rate_batch(results: Results) -> Chart:
    """Return a map of the best objective by learning rate and batch size, with divergence marked.

    All cells have the same size and each level has a label, so that irregular rates can be read. A ring marks a cell that has
    pruned runs but no completed run. The colour of the ring shows the lowest of the last objectives of the pruned runs. Raises
    Missing if there are fewer than two learning rates or batch sizes.
    """
    cells = rate_batch_map(results.trials).to_pylist()
    name, title, factor = objective_axis(results.trials)
    if len({cell["learning_rate"] for cell in cells}) < 2 or len({cell["batch_size"] for cell in cells}) < 2:
        raise Missing("the map needs at least two learning rates and two batch sizes")
    for cell in cells:
        cell["pruned"] = cell["pruned_objective"] is not None
        value = cell["pruned_objective"] if cell["pruned"] else cell["objective"]
        cell["objective"] = None if value is None else factor * value
    base = alt.Chart(alt.InlineData(cells))
    rates = sorted({cell["learning_rate"] for cell in cells})
    # Horizontal labels of many rates would overlap.
    angle = -45 if len(rates) > MOST_LEVEL_LABELS else 0
    area = base.encode(
        x=alt.X("learning_rate:O", title="learning rate", axis=alt.Axis(format=".3~g", labelAngle=angle, labelOverlap=False)),
        y=alt.Y("batch_size:O", title="batch size", sort="descending", axis=alt.Axis(format="d", labelOverlap=False)),
    )
    layers = [area.mark_rect(fill="#DDDDDD", stroke="white")]
    values = [cell["objective"] for cell in cells if cell["objective"] is not None]
    if values:
        scale, legend = _scale(values)
        colour = alt.Color("objective:Q", title=title, scale=scale, legend=legend)
        known = area.transform_filter("datum.objective !== null")
        layers.append(known.mark_rect(stroke="white").encode(color=colour))
        completed = [cell["objective"] for cell in cells if cell["objective"] is not None and not cell["pruned"]]
        if completed:
            best = area.transform_filter(f"!datum.pruned && datum.objective === {min(completed)!r}")
            layers.append(best.mark_rect(filled=False, stroke=HIGHLIGHT, strokeWidth=3))
    share = alt.Size("share_diverged:Q", scale=alt.Scale(domain=[0, 1], range=[0, 160]), legend=None)
    diverged = area.transform_filter("datum.share_diverged > 0").encode(size=share)
    marks = [(diverged, CROSS)]
    subtitle = "area of a cross: share of replicates that diverged; grey: no run completed; outlined: lowest value"
    if any(cell["pruned"] for cell in cells):
        marks.append((area.transform_filter("datum.pruned"), "circle"))
        subtitle += "; ring: last value of pruned runs"
    # Black on white is visible on every colour.
    layers += [
        cells_of.mark_point(shape=shape, stroke=stroke, strokeWidth=width, opacity=1)
        for cells_of, shape in marks
        for stroke, width in (("white", 4), ("black", 1.8))
    ]
    if values and _is_capped(values):
        subtitle += f"; the colours end at {HIGHEST_TO_LOWEST:.0f} times the lowest value"
    heading = f"Lowest {name} by learning rate and batch size"
    return finished(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT), heading, subtitle)


def _is_capped(values: list[float]) -> bool:
    return 0 < HIGHEST_TO_LOWEST * min(values) < max(values)


def _scale(values: list[float]) -> tuple[alt.Scale, alt.Legend]:
    """Return the scale of colours, up to at most HIGHEST_TO_LOWEST times the lowest value, and its legend."""
    if not _is_capped(values):
        legend = alt.Legend(values=log_ticks(values), format=".3~g", gradientLength=HEIGHT - 60)
        return log_scale(values, scheme="viridis"), legend
    ends = [min(values), HIGHEST_TO_LOWEST * min(values)]
    # A tick close to the end would overlap with its label.
    ticks = [tick for tick in log_ticks(ends) if tick < 0.85 * ends[1]]
    label = f"format(datum.value, '.3~g') + (datum.value < {0.9 * ends[1]!r} ? '' : ' or more')"
    legend = alt.Legend(values=[*ticks, ends[1]], labelExpr=label, gradientLength=HEIGHT - 60)
    return log_scale(ends, scheme="viridis", clamp=True), legend
