"""Validation error or loss against learning rate."""

import altair as alt
import numpy as np

from sweepgd.analysis import configurations
from sweepgd.analysis.binning import batch_levels, rate_levels
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_x, log_y
from sweepgd.report.charts.style import CROSS, HEIGHT, SHAPES, WIDTH, Chart, Missing, Rows, colours, finished

AXIS_TITLES = {
    "validation_error": "validation error (share misclassified)",
    "validation_loss": "validation loss",
    "train_loss": "train loss",
}
COLUMNS = ["learning_rate", "optimizer", "batch_size", *AXIS_TITLES, "share_diverged", "share_pruned", "completed", "whole"]
# More points could not be distinguished, and each would add to the size of the file.
MOST_SHOWN = 2000


def by_rate(results: Results) -> Chart:
    """Return a chart of validation error (or validation loss, or train loss) against learning rate.

    Each optimizer has a colour, or each batch size if there is only one optimizer. Each configuration is a point, and a line
    joins the best configurations of the rates. The strip above shows the rates at which runs diverged. Raises Missing if no run
    with a positive rate completed.
    """
    table = configurations(results.trials).select(COLUMNS)
    every = [row for row in table.to_pylist() if (row["learning_rate"] or 0) > 0]
    factor = "optimizer" if len({row["optimizer"] for row in every}) > 1 else "batch_size"
    every = [row for row in every if row[factor] is not None]
    measure = next((name for name in AXIS_TITLES if any(row[name] is not None for row in every)), None)
    if measure is None:
        raise Missing("no run with a positive learning rate completed")
    rates = [row["learning_rate"] for row in every]
    rows: Rows = [
        {"rate": row["learning_rate"], "level": level, "group": group, "value": row[measure]}
        | {"diverged": row["share_diverged"] > 0, "whole": row["whole"]}
        for row, level, group in zip(every, rate_levels(np.array(rates)), _groups(every, factor), strict=True)
    ]
    # As in the tables, complete configurations come before incomplete ones.
    known = sorted((row for row in rows if row["value"] is not None), key=lambda row: (not row["whole"], row["value"]))
    best = {(row["group"], row["level"]): row for row in reversed(known)}
    shown, diverged = _sample(known), _sample([row for row in rows if row["diverged"]])
    groups = sorted({row["group"] for row in rows})

    title = factor.replace("_", " ")
    colour = colours("group", groups, title, ordered=factor == "batch_size")
    kind = "O" if factor == "batch_size" else "N"
    shape = alt.Shape(f"group:{kind}", scale=alt.Scale(domain=groups, range=SHAPES), title=title)
    x = log_x("rate", "learning rate", rates)
    y = log_y("value", AXIS_TITLES[measure], [row["value"] for row in known])
    points = alt.Chart(alt.InlineData(shown)).mark_point(filled=True, size=36, opacity=0.75)
    lines = alt.Chart(alt.InlineData(list(best.values()))).mark_line(strokeWidth=1.6)
    main = alt.layer(lines.encode(x=x, y=y, color=colour), points.encode(x=x, y=y, color=colour, shape=shape))
    main = main.properties(width=WIDTH, height=HEIGHT)
    heading = f"{AXIS_TITLES[measure].partition(' (')[0].capitalize()} by learning rate and {title}"
    subtitle = "a point is a configuration's mean over completed replicates; a line joins the best at each rate"
    if pruned := sum(row["completed"] == 0 and row["share_pruned"] > 0 for row in every):
        subtitle += f"; not shown: {pruned} pruned configurations"
    if len(shown) < len(known):
        subtitle += f"; {len(shown)} of {len(known)} points, drawn at random"
    if not diverged:
        return finished(main, heading, subtitle)
    crosses = alt.Chart(alt.InlineData(diverged)).mark_point(shape=CROSS, size=30, strokeWidth=1.6, opacity=1)
    strip = crosses.encode(
        x=log_x("rate", None, rates, labels=False, ticks=False),
        y=alt.Y(f"group:{kind}", sort=groups, title="diverged", axis=alt.Axis(labels=False, ticks=False, grid=False)),
        color=colour,
    ).properties(width=WIDTH, height=max(40, 12 * len(groups)))
    return finished(alt.vconcat(strip, main, spacing=6), heading, subtitle)


def _sample(rows: Rows) -> Rows:
    """Return at most MOST_SHOWN rows, drawn at random."""
    return [rows[index] for index in np.sort(np.random.default_rng(0).permutation(len(rows))[:MOST_SHOWN])]


def _groups(rows: Rows, factor: str) -> list[str] | list[int]:
    if factor == "optimizer":
        return [row["optimizer"] for row in rows]
    return [int(size) for size in batch_levels(np.array([row["batch_size"] for row in rows], dtype=float))]
