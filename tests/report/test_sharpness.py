import pyarrow as pa
import pytest
from rich.console import Console
from study_tables import Tables, curvature, curves, run, trials, value

from sweepgd.analysis.sharpness import sharpness
from sweepgd.analysis.stability import EDGES
from sweepgd.report.sharpness.edge_table import FORMULAS
from sweepgd.report.summary_tables import render

SIZES, RATES = (16, 64, 400), (0.001, 0.01, 0.1, 1.0)


def study() -> Tables:
    """Return a grid of three batch sizes and four rates with two seeds, whose λmax follows the gap; the trace is constant."""
    rows, recorded, points = [], [], []
    for trial in range(12):
        size, rate = SIZES[trial // 4], RATES[trial % 4]
        for replicate in range(2):
            gap = 0.01 * (trial + 1) + 0.001 * replicate
            losses = {"train_loss": 0.009 + 0.0001 * trial, "train_error": 0.001 * (replicate + 1), "test_error": gap / 2}
            columns = {"batch_size": size, "learning_rate": rate, "generalization_gap": gap} | losses
            rows.append(run(trial, gap, replicate, **columns))
            recorded += [value(trial, 100 * gap, "lambda_max", replicate), value(trial, 7.0, "trace", replicate)]
            recorded.append(value(trial, 500 * gap, "lambda_max", replicate, rescaling=5.0))
            recorded.append(value(trial, 1.5 / rate, "lambda_max", replicate, which="path"))
            points.append({"trial": trial, "replicate": replicate, "update": 100, "epoch": 1.0, "learning_rate": rate})
    return Tables(trials(*rows), curves=curves(*points), curvature=curvature(*recorded))


def text(results: Tables, width: int = 120) -> str:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(render(sharpness(results)))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def answer(shown: str, question: str) -> list[str]:
    lines = shown.splitlines()
    start = lines.index(question)
    return lines[start : [*lines, ""].index("", start)]


def test_the_table_of_correlations_as_printed():
    lines = answer(text(study()), "Does a larger measure go with a larger generalization gap?")
    assert lines[2:5] == [
        "measure     among              runs  gurations  pairs      train loss      ρ    τ-b       interval  verdict",
        "─" * 110,
        "lambda_max  all runs             24         12    132                  +1.00  +1.00  +0.92 … +1.00  larger gap",
    ]
    table = [line.split() for line in lines]
    # Each run shares rate and batch size only with its other replicate, which is the same configuration.
    assert ["equal", "rate,", "batch", "0", "0", "0", "too", "few"] in table
    assert [
        "equal",
        "train",
        "loss",
        "24",
        "12",
        "92",
        "0.009",
        "…",
        "0.0101",
        "+1.00",
        "+0.89",
        "…",
        "+1.00",
        "larger",
        "gap",
    ] in table
    assert sum("constant" in line for line in lines) == 1
    legend = " ".join(" ".join(lines).split())
    assert "too few = fewer than 10 configurations that can be compared; undefined = the measure is constant" in legend


def test_small_against_large_batch_describes_the_matching():
    lines = answer(text(study()), "Small against large batch")
    assert lines[2].split()[:4] == ["batch", "16", "batch", "400"]
    [error] = [line.split() for line in lines if line.startswith("test error %")]
    assert error[3:7] == ["1.28", "±0.60", "5.27", "±0.60"]
    legend = " ".join(" ".join(lines).split())
    assert "8 and 8 runs (4 and 4 configurations) at matched train loss, within a factor of 1.26: 0.00900 … 0.0101" in legend
    assert "interval over 4 pairs of configurations that differ in batch size only" in legend


def test_the_tables_of_the_edge_and_of_rescaling_as_printed():
    shown = text(study())
    edge = [line.split() for line in answer(shown, "Did λmax reach the edge of stability along training?")]
    assert ["3", "sgd", "16", "2", "0", "1", "1", "1.50", "2.00", "0.750"] in edge
    assert "the 10 of 12 configurations that came closest" in shown
    rescaled = answer(shown, "Which measures change when layers are rescaled by 5 without changing the network's outputs?")
    assert ["lambda_max", "24", "5.00", "0", "changes", "changes"] in [line.split() for line in rescaled]


@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_narrow_console_does_not_truncate_values(width):
    shown = text(study(), width)
    assert max(len(line) for line in shown.splitlines()) <= width
    words = " ".join(shown.split())
    assert "…" not in words.replace(" … ", "")
    assert ("too narrow for pairs" in words) == (width < 110)


def test_empty_tables_say_how_to_measure():
    shown = text(Tables(trials(run(0, 1.0)), curvature=curvature(value(0, 1.0))))
    assert "nothing to compare: runs of only one batch size completed" in shown
    assert "not measured along training; to measure every epoch, set every = 1 in the [measure] table" in shown
    assert "not measured at rescaled weights; to measure there, run sweepgd measure --rescale 10" in shown
    assert "no run has both the measure" in shown


def test_missing_values_are_counted_with_their_reason():
    shown = text(Tables(trials(run(0, 1.0)), curvature=curvature(value(0, None, message="not finite"))))
    assert "lambda_max 1: not finite" in " ".join(shown.split())


def test_settings_that_differ_between_measures_are_columns():
    full = [value(trial, 1.0, settings='{"dtype": "float32", "exact": true}', rows=5000) for trial in range(2)]
    some = [value(0, 2.0, settings='{"dtype": "float32", "exact": true, "rows": 512}')]
    trace = [value(0, 3.0, "trace", settings='{"dtype": "float64", "exact": false}')]
    lines = answer(
        text(Tables(trials(run(0, 1.0), run(1, 1.0)), curvature=curvature(*full, *some, *trace))), "What was measured?"
    )
    assert [line.split()[-3:] for line in lines if line.startswith(("lambda", "trace"))] == [
        ["5000", "float32", "exact"], ["512", "float64", "differences"]
    ]  # fmt: skip
    legend = " ".join(lines)
    assert "the measures differ in their rows or dtype" in legend
    assert "1 value not used: of settings with fewer runs, with fewer rows, or older" in legend
    assert "differences = of gradients" in legend


def test_settings_that_all_measures_share_are_shown_once():
    recorded = [value(0, 1.0, name, settings='{"dtype": "float32", "exact": true}') for name in ("lambda_max", "trace")]
    lines = answer(text(Tables(trials(run(0, 1.0)), curvature=curvature(*recorded)), 80), "What was measured?")
    assert lines[-1] == "all measures: weights final, rows 512, dtype float32, Hessian products exact"
    assert lines[1].split() == ["measure", "is", "paper"]


def test_reasons_are_shown_once_with_their_measures_if_there_are_several():
    few = [run(trial, 1.0, generalization_gap=float(trial), batch_size=8 + trial) for trial in range(3)]
    recorded = [value(trial, 1.0 + trial) for trial in range(3)]
    lines = answer(
        text(Tables(trials(*few), curvature=curvature(*recorded))),
        "Does a measure rank runs that differ in one hyperparameter only?",
    )
    assert lines[4].endswith("too few")
    assert "too few = fewer than 10 configurations" in " ".join(lines)
    constant = [value(trial, 1.0, "trace") for trial in range(3)] + [value(0, 1.0, "distance")]
    shown = text(Tables(trials(*few), curvature=curvature(*recorded, *constant)))
    legend = " ".join(" ".join(answer(shown, "Does a larger measure go with a larger generalization gap?")).split())
    assert "undefined (trace) = the measure is constant; undefined (distance) = only one run has both the measure" in legend


def test_ratio_and_interval_are_left_out_together():
    shown = text(study(), 60)
    lines = answer(shown, "Small against large batch")
    assert "too narrow for ratio, 95 % interval" in " ".join(" ".join(lines).split())
    assert lines[1].split()[-1] == "verdict"


def test_without_matched_train_losses_the_sizes_are_not_comparable():
    losses = {8: 1.0, 64: 100.0}
    rows = [run(size + r, 1.0, batch_size=size, train_loss=losses[size] * (1 + r / 9)) for size in losses for r in range(3)]
    recorded = [value(size + r, size * (1.0 + r)) for size in losses for r in range(3)]
    lines = answer(text(Tables(trials(*rows), curvature=curvature(*recorded))), "Small against large batch")
    assert {line.split()[-1] for line in lines if line.startswith(("train loss", "lambda_max"))} == {"comparable"}
    legend = " ".join(lines)
    assert "not comparable = of 3 and 3 runs, no two of each size have train losses within a factor of 1.26" in legend


def test_the_edges_are_those_of_the_optimizers_and_unmeasured_runs_are_counted():
    columns = {"momentum": {"hyperparameters": {"beta": 0.5}}}
    names = ("momentum", "adam", "sgd")
    rows = [run(trial, 1.0, optimizer=name, **columns.get(name, {})) for trial, name in enumerate(names)]
    looks = [value(trial, 3.0, which="path") for trial in range(2)]
    points = [{"trial": t, "replicate": 0, "update": 100, "epoch": 1.0, "learning_rate": 0.5} for t in range(2)]
    shown = text(Tables(trials(*rows), curves=curves(*points), curvature=curvature(*looks)))
    lines = answer(shown, "Did λmax reach the edge of stability along training?")
    table = [line.split() for line in lines]
    assert ["0", "momentum", "32", "1", "0", "1", "0.5", "3.00", "6.00", "0.500"] in table
    assert ["1", "adam", "32", "1", "1", "0.5", "3.00"] in table
    legend = " ".join(" ".join(lines).split())
    assert "unstable: momentum 2(1 + β)/rate (Cohen" in legend
    assert "no edge is known for adam" in legend
    assert "not shown: 1 of 3 configurations, which ended before the first measurement" in legend
    assert "of all replicates" in legend


def test_the_ratio_to_the_edge_includes_an_l2_penalty():
    decayed = {"optimizer": "sgd", "hyperparameters": {"weight_decay": 0.5}}
    points = [{"trial": t, "replicate": 0, "update": 100, "epoch": 1.0, "learning_rate": 0.5} for t in range(2)]
    looks = [value(0, 3.5, which="path", rows_error=0.25), value(1, 3.0, which="path")]
    rows = (run(0, 1.0, **decayed), run(1, 1.0))
    shown = text(Tables(trials(*rows), curves=curves(*points), curvature=curvature(*looks)))
    lines = answer(shown, "Did λmax reach the edge of stability along training?")
    table = [line.split() for line in lines]
    assert ["0", "sgd", "32", "1", "0", "1", "0.5", "3.50", "±0.25", "0.5", "4.00", "1.00"] in table
    assert ["1", "sgd", "32", "1", "0", "1", "0.5", "3.00", "0", "4.00", "0.750"] in table
    legend = " ".join(" ".join(lines).split())
    assert "decay)/edge" in legend
    assert "an L2 penalty adds at most its weight decay to λmax: it does not apply to biases" in legend
    assert "± = standard error due to measuring a subset of the rows" in legend
    plain = text(Tables(trials(rows[1]), curves=curves(points[1]), curvature=curvature(looks[1])))
    assert "decay" not in plain.split("Did λmax reach")[1].split("\n\n")[0]


def test_the_number_of_measured_training_rows_is_shown():
    settings = '{"dtype": "float32", "exact": true}'
    recorded = [
        value(trial, 2.0, "lambda_max", settings=settings, training_rows=1257, rows_error=error)
        for trial, error in enumerate((0.2, 0.3, 0.7))
    ]
    recorded += [value(trial, 5.0, "phi_0.001", settings=settings, training_rows=1257) for trial in range(3)]
    lines = answer(text(Tables(trials(*(run(t, 1.0) for t in range(3))), curvature=curvature(*recorded))), "What was measured?")
    legend = " ".join(" ".join(lines).split())
    assert "all measures: weights final, rows 512 of 1257, dtype float32, Hessian products exact" in legend
    assert "rows ± % = standard error due to measuring a subset of the rows" in legend
    assert next(line.split()[-1] for line in lines if line.startswith("lambda_max")) == "15"
    assert next(line for line in lines if line.startswith("phi")).split()[-1] != "15"


def test_every_edge_has_a_formula_as_text():
    assert FORMULAS.keys() == EDGES.keys()


def test_one_configuration_against_another_has_its_own_legend():
    rows = [
        run(size, 1.0, r, batch_size=size, train_loss=0.01, generalization_gap=1.0 + r) for size in (8, 64) for r in range(3)
    ]
    recorded = [value(size, size * (1.0 + r + 0.1 * (size > 8) * r), replicate=r) for size in (8, 64) for r in range(3)]
    lines = answer(text(Tables(trials(*rows), curvature=curvature(*recorded))), "Small against large batch")
    [measure] = [line.split() for line in lines if line.startswith("lambda_max")]
    assert (measure[5], measure[-1]) == ("8.31", "larger")
    legend = " ".join(" ".join(lines).split())
    assert "3 and 3 runs (1 and 1 configurations)" in legend
    assert "interval over 3 replicates of these two configurations, and for them only" in legend
    assert "larger =" not in legend


def test_runs_that_did_not_complete_are_counted_in_the_legend():
    results = study()
    others = [run(20, None, r, batch_size=16, learning_rate=2.0) for r in range(2)]
    others += [run(21, None, r, batch_size=16, learning_rate=5.0) for r in range(2)]
    others += [run(22, 1.0, r, batch_size=400, learning_rate=0.5, status="pruned") for r in range(2)]
    shown = text(results._replace(trials=pa.concat_tables([results.trials, trials(*others)])))
    legend = " ".join(" ".join(answer(shown, "Does a larger measure go with a larger generalization gap?")).split())
    line = "not compared because they did not complete: 4 diverged, 2 pruned (rates of those that diverged: 2 to 5)"
    assert line in legend
    legend = " ".join(" ".join(answer(shown, "Small against large batch")).split())
    assert "not compared because they did not complete: 4 diverged at batch 16; 2 pruned at batch 400" in legend
