from rich.console import Console
from study_tables import curvature, value

from sweepgd.report.measure_table import answer, summary


def shown(table, width=120):
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(answer(summary(table)))
    return " ".join(capture.get().split())


def test_a_value_has_its_error_and_its_error_of_rows():
    subset = {"training_rows": 1257, "seconds": 0.001}
    table = curvature(
        *(value(trial, 1.5, error=1e-4, rows_error=0.25, **subset) for trial in range(3)),
        value(0, 0.5, "asam_max", error=0.02, **subset),
    )
    rows = summary(table)
    assert [(row["measure"], row["error"], row["rows_error"]) for row in rows] == [
        ("lambda_max", 1e-4, 0.25), ("asam_max", 0.02, None)
    ]  # fmt: skip
    assert {(row["rows"], row["training_rows"]) for row in rows} == {(512, 1257)}
    text = shown(table)
    assert "lambda_max final 3 1.50 0.000100 0.250" in text
    assert "asam_max final 1 0.500 0.0200 1.00 ms" in text
    assert "measured on 512 of 1257 training rows" in text
    assert "for a maximum, its excess over the maximum of half of the ascents" in text
    assert "maxima hold for the measured rows only" in text


def test_values_of_all_rows_have_no_error_of_rows():
    for training in (512, None):  # None in records of earlier versions
        text = shown(curvature(value(0, 1.5, error=1e-4, training_rows=training)))
        assert "measured on" not in text
        assert "of rows" not in text


def test_values_of_a_model_with_another_loss_in_training_name_their_mode():
    mode = "measured in evaluation mode"
    assert mode in shown(curvature(value(0, 1.5, settings='{"mode": "evaluation"}')))
    assert mode not in shown(curvature(value(0, 1.5)))
