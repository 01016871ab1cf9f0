"""Updates and time to the target by batch size beside perfect scaling, and updates against samples."""

from collections.abc import Sequence
from math import log
from typing import Any

import altair as alt
import numpy as np

from sweepgd.analysis.batch_size import critical_sizes, replicates_of, steps_to_target, target_of, tuned_steps
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_scale, log_ticks, log_y, size_x
from sweepgd.report.charts.style import HEIGHT, Chart, Missing, Rows, colours, finished, optimizers_of
from sweepgd.report.number_format import short, significant

WIDTH = 300
LINE_POINTS = 60
DASHES = {"measured": [1, 0], "perfect scaling": [2, 3], "fit": [6, 3]}


def steps_by_batch_size(results: Results, level: float | None = None) -> Chart:
    """Return a chart of updates to the target by batch size, with intervals, perfect scaling and the fitted hyperbola.

    A second panel shows updates against samples, and a third one, if times are recorded, the time to the target by batch size.
    Each optimizer has a colour. `level` is the target, by default the goal
    of the sweep. Raises Missing if there is no target, or if no optimizer reached the target at two or more batch sizes.
    """
    target = target_of(results.trials, level)
    if target is None:
        raise Missing("no target: set a goal in the [budget] of the sweep, or give --target")
    replicates = replicates_of(results.trials)
    tuned = tuned_steps(results.trials, results.curves, target)
    points = [row for row in steps_to_target(tuned, target, replicates).to_pylist() if row["steps"]]
    counts = {row["optimizer"]: sum(other["optimizer"] == row["optimizer"] for other in points) for row in points}
    points = [row for row in points if counts[row["optimizer"]] > 1]
    if not points:
        raise Missing("no optimizer reached the target at two or more batch sizes")
    optimizers = sorted({row["optimizer"] for row in points})
    fits = [row for row in critical_sizes(tuned, replicates).to_pylist() if row["optimizer"] in optimizers]
    lines = [line for name in optimizers for line in _lines([row for row in points if row["optimizer"] == name])]
    curves = [row for fit in fits for row in _fit(fit)]
    shown = [value for row in points for value in (row["steps"], row["steps_low"], row["steps_high"]) if value]
    shown += [row["steps"] for row in lines if row["line"] == "measured"]
    colour = colours("optimizer", optimizers, "optimizer", ordered=False, every=optimizers_of(results.trials))
    dash = alt.StrokeDash(
        "line:N", scale=alt.Scale(domain=list(DASHES), range=list(DASHES.values())), title=None, sort=list(DASHES)
    )
    steps = log_y("steps", "updates to the target", shown, form=",d")
    sizes = size_x([row["batch_size"] for row in points])
    costs = [row["samples"] for row in points]
    ticks = alt.Axis(values=log_ticks(costs), format=",d", labelOverlap=True, labelSeparation=6)
    samples = alt.X("samples:Q", title="samples to the target", scale=log_scale(costs, pad=0.04), axis=ticks)
    drawn = alt.Chart(alt.InlineData(lines + curves)).mark_line(strokeWidth=1.8, clip=True)
    left = alt.layer(drawn.encode(x=sizes, y=steps, color=colour, strokeDash=dash), *_points(points, sizes, steps, colour))
    curve = alt.Chart(alt.InlineData(curves)).mark_line(strokeWidth=1.8, strokeDash=DASHES["fit"], clip=True)
    # A line between the points would not be a function: a larger batch may need fewer samples.
    right = alt.layer(
        curve.encode(x=samples, y=steps, color=colour),
        *_points(points, samples, steps, colour),
    )
    panels = [left, right, *_times(points, sizes, colour, dash)]
    drawn_panels = alt.hconcat(*(panel.properties(width=WIDTH, height=HEIGHT) for panel in panels))
    title = f"Updates{' and time' * (len(panels) > 2)} to {target.column.replace('_', ' ')} {short(target.level)} by batch size"
    subtitle = ["all other settings tuned at each size; bars: 95 % intervals; hollow: best rate is the lowest or highest tried"]
    return finished(drawn_panels, title, subtitle + [_words(fit) for fit in fits if fit["critical_size"]])


def _lines(points: Rows) -> Rows:
    """Return the measured line of an optimizer, and the line of perfect scaling from the smallest batch size."""
    rows: Rows = []
    for row in points:
        shared = {"optimizer": row["optimizer"], "batch_size": row["batch_size"], "samples": row["samples"]}
        rows.append(shared | {"steps": row["steps"], "line": "measured"})
        rows.append(shared | {"steps": row["perfect_steps"], "line": "perfect scaling"})
    return rows


def _times(points: Rows, x: alt.X, colour: alt.Color, dash: alt.StrokeDash) -> list[Chart]:
    """Return the panel of the time to the target, or an empty list if an optimizer has fewer than two times."""
    timed = [row for row in points if row["seconds"]]
    first: Rows = []
    for row in timed:
        first += [row] if all(row["optimizer"] != other["optimizer"] for other in first) else []
    if not timed or any(sum(row["optimizer"] == other["optimizer"] for other in timed) < 2 for row in first):
        return []
    start = {row["optimizer"]: row["batch_size"] * row["seconds"] for row in first}
    lines = [
        {"optimizer": row["optimizer"], "batch_size": row["batch_size"], "seconds": seconds, "line": line}
        for row in timed
        for line, seconds in (
            ("measured", row["seconds"]), ("perfect scaling", start[row["optimizer"]] / row["batch_size"])
        )
    ]  # fmt: skip
    shown = [value for row in timed for value in (row["seconds"], row["seconds_low"], row["seconds_high"]) if value]
    y = log_y("seconds", "time to the target (s)", shown)
    drawn = alt.Chart(alt.InlineData(lines)).mark_line(strokeWidth=1.8, clip=True)
    return [alt.layer(drawn.encode(x=x, y=y, color=colour, strokeDash=dash), *_points(timed, x, y, colour, "seconds"))]


def _fit(fit: dict[str, Any]) -> Rows:
    least, critical = fit["least_steps"], fit["critical_size"]
    if least is None or critical is None:
        return []
    sizes = np.exp(np.linspace(log(fit["size_from"]), log(fit["size_to"]), LINE_POINTS)).tolist()
    return [
        {"optimizer": fit["optimizer"], "line": "fit", "batch_size": size}
        | {"steps": least * (1 + critical / size), "samples": least * (size + critical)}
        for size in sizes
    ]


def _points(points: Rows, x: alt.X, y: alt.Y, colour: alt.Color, field: str = "steps") -> Sequence[alt.Chart]:
    """Return the layers of the points and of the intervals of the vertical `field`."""
    data = alt.Chart(alt.InlineData(points))
    bars = data.transform_filter(f"datum.{field}_low !== null").mark_rule(strokeWidth=1.2)
    fill = alt.condition("datum.at_end", alt.value("white"), colour)
    dots = data.mark_point(size=40, opacity=1, strokeWidth=1.8)
    return (
        bars.encode(x=x, y=alt.Y(f"{field}_low:Q", scale=y["scale"]), y2=f"{field}_high:Q", color=colour),
        dots.encode(x=x, y=y, color=colour, fill=fill),
    )


def _words(fit: dict[str, Any]) -> str:
    end = f", 20 % beyond perfect scaling at {significant(fit['scaling_end'])}" if fit["scaling_end"] else ""
    void = "; void: a best rate is the lowest or highest tried" if fit["verdict"] == "void" else ""
    return f"{fit['optimizer']}: B_crit {significant(fit['critical_size'])}{end}{void}"
