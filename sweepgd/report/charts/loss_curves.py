"""Loss against epochs for each batch size."""

from itertools import groupby

import altair as alt

from sweepgd.analysis import best_curves
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_y
from sweepgd.report.charts.style import HEIGHT, WIDTH, Chart, Missing, Rows, colours, finished, thinned
from sweepgd.report.number_format import short

DASHES = {"train": [1, 0], "validation": [5, 3]}


def loss_curves(results: Results) -> Chart:
    """Return a chart of train (solid) and validation (dashed) loss against epochs, for each batch size at its best
    configuration.

    Raises Missing if no completed run has a curve.
    """
    rows: Rows = []
    labels = []
    for size, line in groupby(best_curves(results.trials, results.curves).to_pylist(), lambda row: row["batch_size"]):
        points = thinned(list(line))
        labels.append(f"{size} ({points[0]['optimizer']}, {short(points[0]['learning_rate'])})")
        rows += [
            {"epoch": row["epoch"], "loss": row[f"{part}_loss"], "part": part, "run": labels[-1]}
            for row in points
            for part in DASHES
            if row[f"{part}_loss"] is not None
        ]
    if not rows:
        raise Missing("no completed run has a loss curve")
    parts = [part for part in DASHES if any(row["part"] == part for row in rows)]
    dashes = alt.Scale(domain=parts, range=[DASHES[part] for part in parts])
    chart = alt.Chart(alt.InlineData(rows)).mark_line(strokeWidth=1.8)
    chart = chart.encode(
        x=alt.X("epoch:Q", title="epochs", scale=alt.Scale(nice=False)),
        y=log_y("loss", "loss", [row["loss"] for row in rows]),
        color=colours("run", labels, "batch size (at its best)", ordered=True),
        strokeDash=alt.StrokeDash("part:N", scale=dashes, title="loss on"),
    )
    return finished(
        chart.properties(width=WIDTH, height=HEIGHT),
        "Loss of each batch size at its best optimizer and learning rate",
        "mean over completed replicates",
    )
