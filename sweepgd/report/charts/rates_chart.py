"""The best learning rate by batch size, with the range of rates that are nearly as good and the power law."""

import altair as alt

from sweepgd.analysis.batch_size import (
    best_rates,
    critical_sizes,
    profiles,
    rate_law,
    replicates_of,
    target_of,
    tuned_steps,
)
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_y, size_x
from sweepgd.report.charts.style import HEIGHT, WIDTH, Chart, Missing, Rows, colours, finished, optimizers_of

CRITERIA = {"steps": "the updates to the target", "objective": "the objective"}


def rate_by_batch_size(results: Results, level: float | None = None) -> Chart:
    """Return a chart of the middle of the good rates by batch size, with the range of rates within 10 % of the best as a band.

    The criterion is the number of updates to the target, or the objective if there is no target. `level` is the target, by
    default the goal of the sweep. Each optimizer has a colour, and its power law is a dashed line. Raises Missing if no
    optimizer has two batch sizes with three rates or more.
    """
    target = target_of(results.trials, level)
    replicates = replicates_of(results.trials)
    tuned = tuned_steps(results.trials, results.curves, target) if target is not None else []
    found = profiles(results.trials, tuned)
    rows = [row for row in best_rates(found, replicates).to_pylist() if row["rates"] > 2]
    rows = [row for row in rows if row["criterion"] == rows[0]["criterion"]]
    rows = [row for row in rows if sum(other["optimizer"] == row["optimizer"] for other in rows) > 1]
    if not rows:
        raise Missing("no optimizer has two batch sizes with three learning rates or more")
    optimizers = sorted({row["optimizer"] for row in rows})
    laws = rate_law(found, replicates, critical_sizes(tuned, replicates)).to_pylist()
    laws = [law for law in laws if law["criterion"] == rows[0]["criterion"] and law["exponent"] is not None]
    lines: Rows = [
        {"optimizer": law["optimizer"], "batch_size": size}
        | {"rate": law["predicted_rate"] * (size / law["predicted_size"]) ** law["exponent"]}
        for law in laws
        if law["optimizer"] in optimizers
        for size in (law["size_from"], law["size_to"])
    ]
    x = size_x([row["batch_size"] for row in rows])
    y = log_y("rate", "learning rate", [row[name] for row in rows for name in ("rate_from", "rate_to")])
    colour = colours("optimizer", optimizers, "optimizer", ordered=False, every=optimizers_of(results.trials))
    data = alt.Chart(alt.InlineData(rows), width=WIDTH, height=HEIGHT)
    band = data.mark_area(opacity=0.18).encode(
        x=x, y=alt.Y("rate_from:Q", scale=y["scale"]), y2="rate_to:Q", color=colour, detail="optimizer:N"
    )
    line = data.mark_line(strokeWidth=1.8).encode(x=x, y=y, color=colour)
    fill = alt.condition("datum.at_end", alt.value("white"), colour)
    dots = data.mark_point(size=40, opacity=1, strokeWidth=1.8).encode(x=x, y=y, color=colour, fill=fill)
    law = (
        alt.Chart(alt.InlineData(lines)).mark_line(strokeWidth=1.4, strokeDash=[6, 3], clip=True).encode(x=x, y=y, color=colour)
    )
    criterion = CRITERIA[rows[0]["criterion"]]
    subtitle = [
        f"line: middle of the band of rates within 10 % of the best by {criterion}",
        "dashed: power law; hollow: the rate is the lowest or highest tried",
    ]
    subtitle += [_words(law) for law in laws if law["optimizer"] in optimizers]
    return finished(
        alt.layer(band, line, dots, *([law] if lines else [])), "Middle of the good learning rates by batch size", subtitle
    )


def _words(law: dict[str, float | str | None]) -> str:
    between = "" if law["exponent_low"] is None else f" ({law['exponent_low']:.2f} to {law['exponent_high']:.2f})"
    void = ", void: a best rate is the lowest or highest tried" if law["verdict"] == "void" else ""
    return f"{law['optimizer']}: exponent {law['exponent']:.2f}{between}{void}"
