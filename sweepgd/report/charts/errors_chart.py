"""Train and validation (or test) error by batch size, at the best configuration of each size and at one rate for all sizes."""

from typing import Any

import altair as alt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis import by, configurations
from sweepgd.analysis.batch_size import common_rate
from sweepgd.analysis.objective_name import objective_name
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import size_x
from sweepgd.report.charts.lost_sizes import lost_sizes
from sweepgd.report.charts.style import HEIGHT, WIDTH, Chart, Missing, Rows, colours, finished
from sweepgd.report.number_format import short

PARTS = {"train_error": "train", "validation_error": "validation", "test_error": "test"}
CONFIDENCE = 0.95
# The tables by batch size have the same limit. The interval of two replicates would extend 13 standard errors to each side.
FEWEST_REPLICATES = 4
BEST = "best rate of each size"


def error_by_batch_size(results: Results) -> Chart:
    """Return a chart of train and validation error (%) by batch size, each at its best configuration, with 95 % intervals.
    Without validation rows, the test error is shown in place of the validation error.

    If the best rates differ, they are written at the points. If rates vary and one of them completed at two sizes or more,
    dashed lines show the errors at one rate, that of `common_rate`. The intervals use Student's t over completed replicates.
    With fewer than FEWEST_REPLICATES replicates, no interval is drawn. Raises Missing if fewer than two batch sizes have an
    error.
    """
    levels = by(results.trials, "batch_size").to_pylist()
    common = common_rate(results.trials)
    wanted = [row["best_trial"] for row in levels] + list(common.trials.values() if common else ())
    trials = results.trials.filter(pc.is_in(results.trials["trial"], pa.array(wanted, pa.int64())))
    every = {row["trial"]: row for row in configurations(trials).to_pylist()}
    best = {row["batch_size"]: every[row["best_trial"]] for row in levels if row["best_trial"] is not None}
    names = [name for name in PARTS if any(row[name] is not None for row in best.values())]
    if "validation_error" in names and "test_error" in names:
        names.remove("test_error")
    points = _points(best, BEST, names)
    if len({row["batch_size"] for row in points}) < 2:
        raise Missing("errors by batch size need completed runs of a classifier at two batch sizes")
    parts = [PARTS[name] for name in names]
    shared = f"rate {short(common.rate)} for all" if common else None
    dashed = _points({size: every[trial] for size, trial in common.trials.items()}, shared, names) if common and shared else []
    colour = colours("part", parts, "error on", ordered=False)
    x = size_x([row["batch_size"] for row in points])
    y = alt.Y("error:Q", title="error (%)", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=6))
    data = alt.Chart(alt.InlineData(points), width=WIDTH, height=HEIGHT)
    every_point = alt.Chart(alt.InlineData(points + dashed)).encode(x=x, y=y, color=colour)
    lines, dots = every_point.mark_line(strokeWidth=2), every_point.mark_point(filled=True, size=40, opacity=1)
    if shared:
        scale = alt.Scale(domain=[BEST, shared], range=[[1, 0], [5, 4]])
        lines = lines.encode(strokeDash=alt.StrokeDash("line:N", scale=scale, title="learning rate"))
    bars = data.transform_filter("datum.low !== null").mark_rule(strokeWidth=1.4)
    layers = [bars.encode(x=x, y=alt.Y("low:Q", scale=y["scale"]), y2="high:Q", color=colour), lines, dots]
    epochs = sorted({row["epochs"] for row in best.values()})
    after = f"after {short(epochs[0])}" + (f" to {short(epochs[-1])}" if epochs[-1] > epochs[0] else "") + " epochs"
    # If a size has one configuration, nothing was chosen.
    tuned = any(row["trials"] > 1 for row in levels)
    subtitle = [f"{'the best configuration of each size ' * tuned}{after}; means over completed replicates"]
    if any(row["low"] is not None for row in points):
        subtitle[0] += ", bars: 95 % intervals"
    notes = []
    if len({row["learning_rate"] for row in best.values()}) > 1:
        layers += _rates([row for row in points if row["part"] == parts[-1]], x, y)
        notes.append("numbers: the best learning rates")
    if shared:
        notes.append("dashed: at the one rate at which most sizes completed, without intervals")
    if notes:
        subtitle.append("; ".join(notes))
    if tuned and "validation" in parts and objective_name(results.trials).startswith("validation"):
        subtitle.append("configurations are chosen on the validation rows, so that the validation error is biased low")
    subtitle += lost_sizes(results.trials)
    words = " and ".join(parts)
    return finished(alt.layer(*layers), f"{words.capitalize()} error by batch size", subtitle)


def _points(configurations_of: dict[int, dict[str, Any]], line: str, names: list[str]) -> Rows:
    """Return the points of the configuration of each batch size: its errors among `names`, with the name of their line."""
    return [
        {"batch_size": size, "part": PARTS[name], "line": line, "rate": _rate(row), "error": 100 * row[name]}
        | _interval(row[name], row[f"{name}_se"], row["completed"])
        for size, row in configurations_of.items()
        for name in names
        if row[name] is not None
    ]


def _rate(row: dict[str, Any]) -> str:
    return "" if row["learning_rate"] is None else short(row["learning_rate"])


def _rates(points: Rows, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Return the learning rates as texts beside the points, that of the largest batch size on the left."""
    others, last = (alt.Chart(alt.InlineData(rows)).encode(x=x, y=y, text="rate:N") for rows in (points[:-1], points[-1:]))
    return [others.mark_text(align="left", dx=5, dy=-9), last.mark_text(align="right", dx=-5, dy=-9)]


def _interval(mean: float, error: float | None, runs: int) -> dict[str, float | None]:
    """Return the interval of a mean share as `low` and `high` in percent, or None for fewer than FEWEST_REPLICATES `runs`."""
    from scipy.special import stdtrit  # takes 0.2 s to import

    if error is None or runs < FEWEST_REPLICATES:
        return {"low": None, "high": None}
    width = float(stdtrit(runs - 1, (1 + CONFIDENCE) / 2)) * error
    return {"low": 100 * max(0.0, mean - width), "high": 100 * min(1.0, mean + width)}
