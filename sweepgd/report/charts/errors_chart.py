"""Train and validation error of the best configuration of each batch size."""

import altair as alt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis import by, configurations
from sweepgd.analysis.objective_name import objective_name
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import size_x
from sweepgd.report.charts.style import HEIGHT, WIDTH, Chart, Missing, Rows, colours, finished
from sweepgd.report.number_format import short

PARTS = {"train_error": "train", "validation_error": "validation"}
CONFIDENCE = 0.95
# The tables by batch size have the same limit. The interval of two replicates would be 13 standard errors wide.
FEWEST_REPLICATES = 4


def error_by_batch_size(results: Results) -> Chart:
    """Return a chart of train and validation error (%) by batch size, each at its best configuration, with 95 % intervals.

    The intervals use Student's t over completed replicates. With fewer than FEWEST_REPLICATES replicates, no interval is drawn.
    Raises Missing if fewer than two batch sizes have an error.
    """
    levels = by(results.trials, "batch_size").to_pylist()
    trials = results.trials.filter(
        pc.is_in(results.trials["trial"], pa.array([row["best_trial"] for row in levels], pa.int64()))
    )
    every = {row["trial"]: row for row in configurations(trials).to_pylist()}
    best = [(row["batch_size"], every[row["best_trial"]]) for row in levels if row["best_trial"] is not None]
    points: Rows = [
        {"batch_size": size, "part": part, "error": 100 * row[name]} | _interval(row[name], row[f"{name}_se"], row["completed"])
        for size, row in best
        for name, part in PARTS.items()
        if row[name] is not None
    ]
    if len({row["batch_size"] for row in points}) < 2:
        raise Missing("errors by batch size need completed runs of a classifier at two batch sizes")
    parts = [part for part in PARTS.values() if any(row["part"] == part for row in points)]
    colour = colours("part", parts, "error on", ordered=False)
    x = size_x([row["batch_size"] for row in points])
    y = alt.Y("error:Q", title="error (%)", scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=6))
    data = alt.Chart(alt.InlineData(points), width=WIDTH, height=HEIGHT)
    bars = data.transform_filter("datum.low !== null").mark_rule(strokeWidth=1.4)
    chart = alt.layer(
        bars.encode(x=x, y=alt.Y("low:Q", scale=y["scale"]), y2="high:Q", color=colour),
        data.mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=40)).encode(x=x, y=y, color=colour),
    )
    words = " and ".join(parts)
    epochs = sorted({row["epochs"] for _, row in best})
    after = f"after {short(epochs[0])}" + (f" to {short(epochs[-1])}" if epochs[-1] > epochs[0] else "") + " epochs"
    subtitle = [f"the best configuration of each size {after}; means over completed replicates"]
    if any(row["low"] is not None for row in points):
        subtitle[0] += ", bars: 95 % intervals"
    if "validation" in parts and objective_name(results.trials).startswith("validation"):
        subtitle.append("the best are chosen on the validation rows, so that the validation error is biased low")
    return finished(chart, f"{words.capitalize()} error by batch size", subtitle)


def _interval(mean: float, error: float | None, runs: int) -> dict[str, float | None]:
    """Return the interval of a mean share of `runs` replicates as `low` and `high` in percent, null for few replicates."""
    from scipy.special import stdtrit  # takes 0.2 s to import

    if error is None or runs < FEWEST_REPLICATES:
        return {"low": None, "high": None}
    width = float(stdtrit(runs - 1, (1 + CONFIDENCE) / 2)) * error
    return {"low": 100 * max(0.0, mean - width), "high": 100 * min(1.0, mean + width)}
