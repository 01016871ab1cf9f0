"""λmax along training against the edge of stability."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import altair as alt
import pyarrow.compute as pc

from sweepgd.analysis import by
from sweepgd.analysis.stability import KEYS, along
from sweepgd.analysis.stability import edge_of_stability as looks_of
from sweepgd.record import Results
from sweepgd.report.charts.axes import log_y
from sweepgd.report.charts.style import HEIGHT, WIDTH, Chart, Missing, Rows, colours, finished, thinned
from sweepgd.report.numbers import short
from sweepgd.report.sharpness.stability import edges

EDGE = "edge of stability"
DASHES = {"λmax": [1, 0], EDGE: [5, 3]}


def edge_of_stability(results: Results) -> Chart:
    """λmax, with what an L2 penalty adds to it (solid, a dot a look), and the edge of its rule (dashed) against epochs, a
    colour for each batch size at its best, its first replicate.

    Raises Missing where λmax was not measured along the training of a completed run.
    """
    trials = results.trials
    looks = looks_of(trials, results.curves, results.curvature)
    looks = looks.filter(pc.and_(pc.is_valid(looks["lambda_max"]), pc.is_valid(looks["epoch"])))
    best = by(trials.filter(pc.is_in(trials["trial"], pc.unique(looks["trial"]))), "batch_size")
    rates = dict(zip(best["best_trial"].to_pylist(), best["learning_rate"].to_pylist(), strict=True))
    looks = looks.filter(pc.is_in(looks["trial"], best["best_trial"].combine_chunks()))
    rows: Rows = []
    labels, shown, optimizers, decays = [], [], [], False
    order = [(name, "ascending") for name in ("batch_size", "trial", "replicate", "update")]
    for trial, line in groupby(looks.sort_by(order).to_pylist(), lambda row: row["trial"]):
        points = list(line)
        points = thinned([_penalised(row) for row in points if row["replicate"] == points[0]["replicate"]])
        decays = decays or bool(points[0]["weight_decay"])
        edge = _edge(results, trial, points[0]["replicate"])
        optimizers.append(points[0]["optimizer"])
        labels.append(f"{points[0]['batch_size']} ({optimizers[-1]}, {short(rates[trial])})")
        rows += [
            {"epoch": row["epoch"], "value": row[column], "line": name, "run": labels[-1]}
            for name, column, part in (("λmax", "lambda_max", points), (EDGE, "threshold", edge))
            for row in part
        ]
        # A rate that decays to nothing takes its threshold to infinity: the axis ends with the lowest one of each run.
        shown += [row["lambda_max"] for row in points]
        shown += sorted(row["threshold"] for row in edge)[:1]
    if not rows:
        raise Missing("λmax was not measured along the training of a completed run")
    chart = alt.Chart(alt.InlineData(rows), width=WIDTH, height=HEIGHT).encode(
        x=alt.X("epoch:Q", title="epochs", scale=alt.Scale(nice=False)),
        y=log_y("value", "eigenvalue", shown),
        color=colours("run", labels, "batch size (at its best)", ordered=True),
    )
    lines = chart.mark_line(strokeWidth=1.8, clip=True).encode(
        strokeDash=alt.StrokeDash("line:N", scale=alt.Scale(domain=list(DASHES), range=list(DASHES.values())), title=None)
    )
    # A line through a single look has no length.
    dots = chart.transform_filter(alt.datum.line == "λmax").mark_point(filled=True, size=18, opacity=1)
    return finished(lines + dots, "Sharpness along training against the edge of stability", edges(optimizers, decays))


def _penalised(look: Mapping[str, Any]) -> dict[str, Any]:
    """A look with what the L2 penalty adds to λmax."""
    return {**look, "lambda_max": look["lambda_max"] + (look["weight_decay"] or 0.0)}


def _edge(results: Results, trial: int, replicate: int) -> Rows:
    """The threshold at each evaluation of a run, and from its beginning, where no update has had a rate yet."""
    curves = results.curves
    own = pc.and_(pc.equal(curves["trial"], trial), pc.equal(curves["replicate"], replicate))
    points = along(results.trials, curves, curves.filter(own).select(KEYS)).select(["epoch", "threshold"])
    known = points.filter(pc.is_valid(points["threshold"])).to_pylist()
    return thinned([*({"epoch": 0.0, "threshold": row["threshold"]} for row in known[:1]), *known])
