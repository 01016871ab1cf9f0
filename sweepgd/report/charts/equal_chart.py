"""Test error, or loss, by batch size at equal epochs, updates, seconds and train loss, side by side."""

import altair as alt

from sweepgd.analysis.batch_size import busy_notes, equal_budgets, update_times
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_y, size_x
from sweepgd.report.charts.style import Chart, Missing, colours, finished, optimizers_of
from sweepgd.report.number_format import duration, short

WIDTH, HEIGHT = 190, 200
TITLES = {"test_error": ("test error (%)", 100.0), "best_loss": ("lowest loss", 1.0)}


def equal_by_batch_size(results: Results) -> Chart:
    """Return a chart with four panels of test error (%) by batch size, or of the lowest loss for a regression.

    The panels are at equal epochs, updates, seconds and train loss. Each optimizer has a colour, and all other hyperparameters
    are tuned. Raises Missing if fewer than two batch sizes have curves.
    """
    rows = equal_budgets(results.trials, results.curves).to_pylist()
    outcome = next((name for name in TITLES if any(row[name] is not None for row in rows)), None)
    rows = [row for row in rows if outcome is not None and row[outcome] is not None]
    if outcome is None or len({row["batch_size"] for row in rows}) < 2:
        raise Missing("a comparison at equal budgets needs completed runs of two batch sizes")
    title, factor = TITLES[outcome]
    for row, name in ((row, f"{outcome}{end}") for row in rows for end in ("", "_low", "_high")):
        row[name] = None if row[name] is None else factor * row[name]
    optimizers = sorted({row["optimizer"] for row in rows})
    colour = colours("optimizer", optimizers, "optimizer", ordered=False, every=optimizers_of(results.trials))
    x = size_x([row["batch_size"] for row in rows])
    values = [row[outcome] for row in rows]
    ends = [row[f"{outcome}{end}"] for row in rows for end in ("_low", "_high") if row[f"{outcome}{end}"] is not None]
    # The interval of a small error may reach below 0. A logarithmic axis cannot show such values.
    lowest = min(value for value in (*values, *ends) if value > 0 or value in values)
    shown = [*values, *(max(end, lowest) for end in ends)]
    panels = []
    for equal in dict.fromkeys(row["equal"] for row in rows):
        points = [
            {"batch_size": row["batch_size"], "optimizer": row["optimizer"], "value": row[outcome]}
            | {
                end: None if row[f"{outcome}_{end}"] is None else max(row[f"{outcome}_{end}"], lowest)
                for end in ("low", "high")
            }
            for row in rows
            if row["equal"] == equal
        ]
        y = log_y("value", title, shown)
        level = next(row["level"] for row in rows if row["equal"] == equal)
        data = alt.Chart(alt.InlineData(points), width=WIDTH, height=HEIGHT, title=f"equal {_words(equal, level)}")
        bars = data.transform_filter("datum.low !== null").mark_rule(strokeWidth=1.2)
        panels.append(
            alt.layer(
                data.mark_line(strokeWidth=1.8, point=alt.OverlayMarkDef(size=30)).encode(x=x, y=y, color=colour),
                bars.encode(x=x, y=alt.Y("low:Q", scale=y["scale"]), y2="high:Q", color=colour),
            )
        )
    grid = alt.vconcat(*(alt.hconcat(*panels[first : first + 2]) for first in range(0, len(panels), 2)))
    subtitle = "all other settings tuned at each size by half of the replicates, judged on the other half; bars: 95 % intervals"
    timed = any(row["equal"] == "seconds" for row in rows)
    notes = busy_notes(update_times(results.trials).to_pylist()) if timed else []
    return finished(grid, f"{title.partition(' (')[0].capitalize()} by batch size", [subtitle, *notes])


def _words(equal: str, level: float) -> str:
    if equal == "seconds":
        return f"time: {duration(level)}"
    return f"{equal.replace('_', ' ')}: {level:.0f}" if equal == "updates" else f"{equal.replace('_', ' ')}: {short(level)}"
