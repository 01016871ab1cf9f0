"""The tables of sharpness and generalization as printed."""

import pyarrow as pa
import pytest
from report.printed_tables import answer, sharpness_study, text
from study_tables import Tables, curvature, run, trials, value


def test_the_table_of_correlations_as_printed():
    lines = answer(text(sharpness_study()), "Does a larger measure go with a larger generalization gap?")
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
    assert "too few = fewer than 10 configurations can be compared; undefined = the measure is constant" in legend


def test_the_tables_of_the_edge_and_of_rescaling_as_printed():
    shown = text(sharpness_study())
    edge = [line.split() for line in answer(shown, "Did λmax reach the edge of stability along training?")]
    assert ["3", "sgd", "16", "2", "0", "1", "1", "1.50", "2.00", "0.750"] in edge
    assert "the 10 of 12 configurations that came closest" in shown
    rescaled = answer(shown, "Which measures change when layers are rescaled by 5 without changing the network's outputs?")
    assert ["lambda_max", "24", "5.00", "0", "changes", "changes"] in [line.split() for line in rescaled]


@pytest.mark.parametrize("width", [80, 100, 120])
def test_a_narrow_console_does_not_truncate_values(width):
    shown = text(sharpness_study(), width)
    assert max(len(line) for line in shown.splitlines()) <= width
    words = " ".join(shown.split())
    assert "…" not in words.replace(" … ", "")
    assert ("too narrow for pairs" in words) == (width < 110)


def test_empty_tables_say_how_to_measure():
    shown = text(Tables(trials(run(0, 1.0)), curvature=curvature(value(0, 1.0))))
    assert "nothing to compare: completed runs have only one batch size" in shown
    assert "not measured along training; to measure every epoch, set every = 1 in the [measure] table" in shown
    assert "not measured at rescaled weights; to measure there, run sweepgd measure --rescale 10" in shown
    assert "no run has both the measure" in " ".join(shown.split())


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


def test_runs_that_did_not_complete_are_counted_in_the_legend():
    results = sharpness_study()
    others = [run(20, None, r, batch_size=16, learning_rate=2.0) for r in range(2)]
    others += [run(21, None, r, batch_size=16, learning_rate=5.0) for r in range(2)]
    others += [run(22, 1.0, r, batch_size=400, learning_rate=0.5, status="pruned") for r in range(2)]
    shown = text(results._replace(trials=pa.concat_tables([results.trials, trials(*others)])))
    legend = " ".join(" ".join(answer(shown, "Does a larger measure go with a larger generalization gap?")).split())
    line = "not compared because they did not complete: 4 diverged, 2 pruned (rates of diverged runs: 2 to 5)"
    assert line in legend
    legend = " ".join(" ".join(answer(shown, "Small against large batch")).split())
    assert "not compared because they did not complete: 4 diverged at batch 16; 2 pruned at batch 400" in legend
