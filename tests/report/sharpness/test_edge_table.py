"""The table of the edge of stability."""

from report.printed_tables import answer, text
from study_tables import Tables, curvature, curves, run, trials, value

from sweepgd.analysis.stability import EDGES
from sweepgd.report.sharpness.edge_table import FORMULAS


def test_the_edges_are_those_of_the_optimizers_and_unmeasured_runs_are_counted():
    columns = {"momentum": {"hyperparameters": {"beta": 0.5}}}
    names = ("momentum", "adam", "sgd")
    rows = [run(trial, 1.0, optimizer=name, **columns.get(name, {})) for trial, name in enumerate(names)]
    measured = [value(trial, 3.0, which="path") for trial in range(2)]
    points = [{"trial": t, "replicate": 0, "update": 100, "epoch": 1.0, "learning_rate": 0.5} for t in range(2)]
    shown = text(Tables(trials(*rows), curves=curves(*points), curvature=curvature(*measured)))
    lines = answer(shown, "Did λmax reach the edge of stability along training?")
    table = [line.split() for line in lines]
    assert ["0", "momentum", "32", "1", "0", "1", "0.5", "3.00", "6.00", "0.500"] in table
    assert ["1", "adam", "32", "1", "1", "0.5", "3.00"] in table
    legend = " ".join(" ".join(lines).split())
    assert "unstable: momentum 2(1 + β)/rate (Cohen" in legend
    assert "no edge is known for adam" in legend
    assert "not shown: 1 of 3 configurations, which ended before the first measurement" in legend
    assert "in all replicates" in legend


def test_the_ratio_to_the_edge_includes_an_l2_penalty():
    decayed = {"optimizer": "sgd", "hyperparameters": {"weight_decay": 0.5}}
    points = [{"trial": t, "replicate": 0, "update": 100, "epoch": 1.0, "learning_rate": 0.5} for t in range(2)]
    measured = [value(0, 3.5, which="path", rows_error=0.25), value(1, 3.0, which="path")]
    rows = (run(0, 1.0, **decayed), run(1, 1.0))
    shown = text(Tables(trials(*rows), curves=curves(*points), curvature=curvature(*measured)))
    lines = answer(shown, "Did λmax reach the edge of stability along training?")
    table = [line.split() for line in lines]
    assert ["0", "sgd", "32", "1", "0", "1", "0.5", "3.50", "±0.25", "0.5", "4.00", "1.00"] in table
    assert ["1", "sgd", "32", "1", "0", "1", "0.5", "3.00", "0", "4.00", "0.750"] in table
    legend = " ".join(" ".join(lines).split())
    assert "decay)/edge" in legend
    assert "an L2 penalty adds at most its weight decay to λmax, because it does not apply to" in legend
    assert "± = standard error due to measuring a subset of the rows" in legend
    plain = text(Tables(trials(rows[1]), curves=curves(points[1]), curvature=curvature(measured[1])))
    assert "decay" not in plain.split("Did λmax reach")[1].split("\n\n")[0]


def test_every_edge_has_a_formula_as_text():
    assert FORMULAS.keys() == EDGES.keys()
