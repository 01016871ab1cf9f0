"""The time of an update and of an epoch by batch size."""

import altair as alt

from sweepgd.analysis.batch_size import busy_notes, has_knee, update_times
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_y, size_x
from sweepgd.report.charts.lost_sizes import lost_sizes
from sweepgd.report.charts.style import HEIGHT, Chart, Missing, Rows, colours, finished, optimizers_of
from sweepgd.report.number_format import significant

WIDTH = 320
PANELS = {"seconds_per_update": "time per update", "seconds_per_epoch": "time per epoch"}
UNITS = (("s", 1.0), ("ms", 1e3), ("µs", 1e6))
# An axis covers at least this factor, so that times that differ by a few percent look equal.
LEAST_RANGE = 4.0


def time_by_batch_size(results: Results) -> Chart:
    """Return a chart of the time of an update and of an epoch by batch size, with 95 % intervals.

    A time is the lowest decile over runs, as in `update_times`. Each optimizer has a colour, and a dotted line marks the knee
    of its update time. Raises Missing if fewer than two batch sizes have a completed run.
    """
    rows = update_times(results.trials).to_pylist()
    if len({row["batch_size"] for row in rows}) < 2:
        raise Missing("times need completed runs of two batch sizes")
    optimizers = sorted({row["optimizer"] for row in rows})
    knees = {row["optimizer"]: row["knee"] for row in rows if has_knee(row)}
    colour = colours("optimizer", optimizers, "optimizer", ordered=False, every=optimizers_of(results.trials))
    x = size_x([row["batch_size"] for row in rows])
    panels = []
    for name, title in PANELS.items():
        least = min((row[name] for row in rows if row[name]), default=0.0)
        # The largest unit in which the shortest time is not much below 1.
        unit, factor = next((each for each in UNITS if each[1] * least >= 0.2), UNITS[-1])
        points: Rows = [
            {"batch_size": row["batch_size"], "optimizer": row["optimizer"], "time": factor * row[name]}
            | {end: None if row[f"{name}_{end}"] is None else factor * row[f"{name}_{end}"] for end in ("low", "high")}
            for row in rows
            if row[name]
        ]
        shown = [value for row in points for value in (row["time"], row["low"], row["high"]) if value]
        middle = (min(shown) * max(shown)) ** 0.5
        shown += [middle / LEAST_RANGE**0.5, middle * LEAST_RANGE**0.5]
        y = log_y("time", f"{title} ({unit})", shown, form=",.3~r")
        data = alt.Chart(alt.InlineData(points), width=WIDTH, height=HEIGHT)
        bars = data.transform_filter("datum.low !== null").mark_rule(strokeWidth=1.2)
        layers = [
            data.mark_line(strokeWidth=1.8, point=alt.OverlayMarkDef(size=36)).encode(x=x, y=y, color=colour),
            bars.encode(x=x, y=alt.Y("low:Q", scale=y["scale"]), y2="high:Q", color=colour),
        ]
        if name == "seconds_per_update" and knees:
            marks = [{"batch_size": knee, "optimizer": optimizer} for optimizer, knee in knees.items()]
            ruler = alt.Chart(alt.InlineData(marks)).mark_rule(strokeDash=[2, 3], strokeWidth=1.4)
            layers.append(ruler.encode(x=x, color=colour))
        panels.append(alt.layer(*layers))
    words = ", ".join(f"{optimizer} at batch size {significant(knee)}" for optimizer, knee in knees.items())
    subtitle = ["lowest decile over completed runs, without evaluations; bars: 95 % intervals"]
    if words:
        subtitle.append(f"dotted: the knee, where the part that grows with the batch equals the constant part: {words}")
    subtitle += busy_notes(rows) + lost_sizes(results.trials)
    return finished(alt.hconcat(*panels), "Time of an update and of an epoch by batch size", subtitle)
