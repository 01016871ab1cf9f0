"""The table of what was measured."""

from report.printed_tables import answer, text
from study_tables import Tables, curvature, run, trials, value


def test_missing_values_are_counted_with_their_reason():
    shown = text(Tables(trials(run(0, 1.0)), curvature=curvature(value(0, None, message="not finite"))))
    assert "lambda_max 1: not finite" in " ".join(shown.split())


def test_settings_that_differ_between_measures_are_columns():
    full = [value(trial, 1.0, settings='{"dtype": "float32", "exact": true}', rows=5000) for trial in range(2)]
    some = [value(0, 2.0, settings='{"dtype": "float32", "exact": true, "rows": 512}')]
    trace = [value(0, 3.0, "trace", settings='{"dtype": "float64", "exact": false, "mode": "evaluation"}')]
    lines = answer(
        text(Tables(trials(run(0, 1.0), run(1, 1.0)), curvature=curvature(*full, *some, *trace))), "What was measured?"
    )
    assert [line.split()[-3:] for line in lines if line.startswith(("lambda", "trace"))] == [
        ["5000", "float32", "exact"], ["512", "float64", "differences"]
    ]  # fmt: skip
    legend = " ".join(lines)
    assert "the measures differ in their rows or dtype" in legend
    assert "measured in evaluation mode: without dropout" in legend
    assert "1 value is not used: other settings have more runs, more rows or newer values" in legend
    assert "differences = Hessian products as differences of gradients" in legend


def test_settings_that_all_measures_share_are_shown_once():
    recorded = [value(0, 1.0, name, settings='{"dtype": "float32", "exact": true}') for name in ("lambda_max", "trace")]
    lines = answer(text(Tables(trials(run(0, 1.0)), curvature=curvature(*recorded)), 80), "What was measured?")
    assert lines[-1] == "all measures: weights final, rows 512, dtype float32, Hessian products exact"
    assert lines[1].split() == ["measure", "is", "paper"]


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
