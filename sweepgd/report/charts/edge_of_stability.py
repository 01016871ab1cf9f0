"""λmax along training against 2/η."""

from itertools import groupby

import altair as alt
import pyarrow.compute as pc

from sweepgd.analysis import by
from sweepgd.analysis.stability import edge_of_stability as looks_of
from sweepgd.record import Results
from sweepgd.report.charts.axes import log_y
from sweepgd.report.charts.style import HEIGHT, WIDTH, Chart, Missing, Rows, colours, finished, thinned
from sweepgd.report.numbers import short

DASHES = {"λmax": [1, 0], "2/rate": [5, 3]}


def edge_of_stability(results: Results) -> Chart:
    """λmax (solid) and 2/rate (dashed) against epochs, a colour for each batch size at its best, its first replicate.

    Raises Missing where λmax was not measured along the training of a completed run.
    """
    trials = results.trials
    looks = looks_of(trials, results.curves, results.curvature)
    looks = looks.filter(pc.and_(pc.is_valid(looks["lambda_max"]), pc.is_valid(looks["epoch"])))
    best = by(trials.filter(pc.is_in(trials["trial"], pc.unique(looks["trial"]))), "batch_size")
    rates = dict(zip(best["best_trial"].to_pylist(), best["learning_rate"].to_pylist(), strict=True))
    looks = looks.filter(pc.is_in(looks["trial"], best["best_trial"].combine_chunks()))
    rows: Rows = []
    labels, shown = [], []
    order = [(name, "ascending") for name in ("batch_size", "trial", "replicate", "update")]
    for trial, line in groupby(looks.sort_by(order).to_pylist(), lambda row: row["trial"]):
        points = list(line)
        points = thinned([row for row in points if row["replicate"] == points[0]["replicate"]])
        labels.append(f"{points[0]['batch_size']} ({points[0]['optimizer']}, {short(rates[trial])})")
        rows += [
            {"epoch": row["epoch"], "value": row[column], "line": name, "run": labels[-1]}
            for row in points
            for name, column in (("λmax", "lambda_max"), ("2/rate", "threshold"))
            if row[column] is not None
        ]
        # A rate that decays to nothing takes its threshold to infinity: the axis ends with the lowest one of each run.
        shown += [row["lambda_max"] for row in points]
        shown += sorted(row["threshold"] for row in points if row["threshold"] is not None)[:1]
    if not rows:
        raise Missing("λmax was not measured along the training of a completed run")
    dashes = alt.Scale(domain=list(DASHES), range=list(DASHES.values()))
    chart = alt.Chart(alt.InlineData(rows), width=WIDTH, height=HEIGHT).mark_line(strokeWidth=1.8, clip=True)
    chart = chart.encode(
        x=alt.X("epoch:Q", title="epochs", scale=alt.Scale(nice=False)),
        y=log_y("value", "eigenvalue", shown),
        color=colours("run", labels, "batch size (at its best)", ordered=True),
        strokeDash=alt.StrokeDash("line:N", scale=dashes, title=None),
    )
    return finished(
        chart,
        "Sharpness along training against the edge of stability",
        [
            "beyond 2/rate plain gradient descent on the full batch is unstable (Cohen et al. 2021)",
            "momentum β moves the threshold to 2(1 + β)/rate; adaptive rules have another",
        ],
    )
