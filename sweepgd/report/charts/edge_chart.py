"""λmax along training against the edge of stability."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import altair as alt
import pyarrow.compute as pc

from sweepgd.analysis import by
from sweepgd.analysis.stability import KEYS, along
from sweepgd.analysis.stability import edge_of_stability as along_training
from sweepgd.record import Results
from sweepgd.report.charts.log_axes import log_y
from sweepgd.report.charts.style import HEIGHT, WIDTH, Chart, Missing, Rows, colours, finished, thinned
from sweepgd.report.number_format import short
from sweepgd.report.sharpness.edge_table import edges

EDGE = "edge of stability"
DASHES = {"λmax": [1, 0], EDGE: [5, 3]}


def edge_of_stability(results: Results) -> Chart:
    """Return a chart of λmax with the L2 penalty (solid) and of the optimizer's edge of stability (dashed) against epochs.

    Each measurement is a dot. Each batch size has a colour, and is shown by the first replicate of its best configuration.
    Raises Missing if no completed run has λmax measured during training.
    """
    trials = results.trials
    measured = along_training(trials, results.curves, results.curvature)
    measured = measured.filter(pc.and_(pc.is_valid(measured["lambda_max"]), pc.is_valid(measured["epoch"])))
    best = by(trials.filter(pc.is_in(trials["trial"], pc.unique(measured["trial"]))), "batch_size")
    rates = dict(zip(best["best_trial"].to_pylist(), best["learning_rate"].to_pylist(), strict=True))
    measured = measured.filter(pc.is_in(measured["trial"], best["best_trial"].combine_chunks()))
    rows: Rows = []
    labels, shown, optimizers, decays = [], [], [], False
    order = [(name, "ascending") for name in ("batch_size", "trial", "replicate", "update")]
    for trial, line in groupby(measured.sort_by(order).to_pylist(), lambda row: row["trial"]):
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
        # The threshold of a rate that decays to 0 goes to infinity. Therefore the axis covers only the lowest threshold of each
        # run.
        shown += [row["lambda_max"] for row in points]
        shown += sorted(row["threshold"] for row in edge)[:1]
    if not rows:
        raise Missing("no completed run has λmax measured during training: set measure.every and search again")
    chart = alt.Chart(alt.InlineData(rows), width=WIDTH, height=HEIGHT).encode(
        x=alt.X("epoch:Q", title="epochs", scale=alt.Scale(nice=False)),
        y=log_y("value", "eigenvalue", shown),
        color=colours("run", labels, "batch size (best configuration)", ordered=True),
    )
    lines = chart.mark_line(strokeWidth=1.8, clip=True).encode(
        strokeDash=alt.StrokeDash("line:N", scale=alt.Scale(domain=list(DASHES), range=list(DASHES.values())), title=None)
    )
    # Dots are needed because a line through a single measurement has no length and is invisible.
    dots = chart.transform_filter(alt.datum.line == "λmax").mark_point(filled=True, size=18, opacity=1)
    return finished(lines + dots, "Sharpness along training against the edge of stability", edges(optimizers, decays))


def _penalised(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a measurement whose λmax includes the L2 penalty."""
    return {**row, "lambda_max": row["lambda_max"] + (row["weight_decay"] or 0.0)}


def _edge(results: Results, trial: int, replicate: int) -> Rows:
    """Return the threshold at each evaluation of a run. Epoch 0, which has no rate yet, gets the first threshold."""
    curves = results.curves
    own = pc.and_(pc.equal(curves["trial"], trial), pc.equal(curves["replicate"], replicate))
    points = along(results.trials, curves, curves.filter(own).select(KEYS)).select(["epoch", "threshold"])
    known = points.filter(pc.is_valid(points["threshold"])).to_pylist()
    return thinned([*({"epoch": 0.0, "threshold": row["threshold"]} for row in known[:1]), *known])
