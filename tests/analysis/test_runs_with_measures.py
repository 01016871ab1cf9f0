import pyarrow as pa
import pytest
from study_tables import curvature, curves, run, trials, value

from sweepgd.analysis.measure_overview import measures
from sweepgd.analysis.runs_with_measures import measure_names, measured


def column(name, *rows, table=None):
    table = trials(run(0, 1.0), run(1, 1.0), run(2, 1.0)) if table is None else table
    return measured(table, curvature(*rows))[name].to_pylist()


def test_there_is_a_row_per_run_and_a_column_per_measure():
    table = measured(
        trials(
            run(1, 2.0, generalization_gap=0.5, train_loss=0.1),
            run(0, 1.0, 1),
            run(0, 1.0, 0),
            run(2, None),
            run(3, 1.0, status="pruned", train_loss=7.0),
        ),
        curvature(value(2, 9.0), value(0, 3.0, replicate=1), value(1, 4.0, "trace"), value(1, 5.0), value(7, 1.0)),
    )
    assert [(row["trial"], row["replicate"], row["status"]) for row in table.to_pylist()] == [
        (0, 0, "completed"), (0, 1, "completed"), (1, 0, "completed"), (2, 0, "diverged"), (3, 0, "pruned")
    ]  # fmt: skip
    assert measure_names(table) == ["lambda_max", "trace"]
    assert table["lambda_max"].to_pylist() == [None, 3.0, 5.0, None, None]
    assert table["trace"].to_pylist() == [None, None, 4.0, None, None]
    assert table["generalization_gap"].to_pylist() == [None, None, 0.5, None, None]
    assert table["train_loss"].to_pylist() == [None, None, 0.1, None, None]


def test_measures_are_in_catalogue_order_and_unknown_ones_last():
    recorded = curvature(
        *(value(0, 1.0, name) for name in ("of_the_future", "phi_0.001", "trace", "lambda_max_2", "lambda_max"))
    )
    names = measure_names(measured(trials(run(0, 1.0)), recorded))
    assert names == ["lambda_max_2", "lambda_max", "trace", "phi_0.001", "of_the_future"]


def test_final_weights_are_preferred_and_not_mixed_with_best_ones():
    rows = [value(trial, 10.0 + trial, which="best") for trial in range(3)]
    assert column("lambda_max", *rows) == [10.0, 11.0, 12.0]
    assert column("lambda_max", *rows, value(1, 5.0)) == [None, 5.0, None]


@pytest.mark.parametrize("others", [{"rescaling": 10.0}, {"which": "path"}])
def test_measurements_at_rescaled_weights_or_along_training_are_left_out(others):
    assert column("lambda_max", value(0, 1.0), value(0, 2.0, **others)) == [1.0, None, None]


def test_the_settings_of_most_runs_are_used_then_the_newest():
    old = [value(trial, 1.0, settings="old") for trial in range(3)]
    new = [value(trial, 2.0, settings="new") for trial in range(3)]
    assert column("lambda_max", *old, *new[:2]) == [1.0, 1.0, 1.0]
    assert column("lambda_max", *old, *new) == [2.0, 2.0, 2.0]
    # A record is sorted by trial, and within a trial in the order in which it was written.
    assert column("lambda_max", *(row for both in zip(old, new, strict=True) for row in both)) == [2.0, 2.0, 2.0]


def test_settings_are_chosen_by_the_number_of_runs_with_a_value():
    failed = [value(trial, None, settings="many", message="no") for trial in range(3)]
    assert column("lambda_max", *failed, value(1, 5.0, settings="few")) == [None, 5.0, None]
    again = [value(0, float(index), settings="again") for index in range(3)]
    others = [value(trial, 7.0, settings="once") for trial in range(2)]
    assert column("lambda_max", *again, *others) == column("lambda_max", *others, *again) == [7.0, 7.0, None]


def test_best_weights_are_used_if_final_ones_have_no_value():
    assert column("lambda_max", value(0, None), value(0, 5.0, which="best")) == [5.0, None, None]


# The train loss decreases, and the held-out losses increase again after update 40. Trial 1 is best at its end.
LOSSES = {0: (2.0, 2.0, 2.5), 40: (1.0, 0.8, 1.1), 100: (0.5, 0.9, 1.3)}
CURVES = curves(
    *(
        {"trial": trial, "replicate": 0, "update": update, "train_loss": train + trial, "test_error": test / 10}
        | {"validation_loss": validation, "test_loss": test + trial}
        for trial in range(2)
        for update, (train, validation, test) in LOSSES.items()
    )
)
FINAL = {"train_loss": 0.5, "validation_loss": 0.9, "test_loss": 1.3, "test_error": 0.13, "generalization_gap": 0.8}
BEST = {"train_loss": 1.0, "validation_loss": 0.8, "test_loss": 1.1, "test_error": 0.11, "generalization_gap": 0.1}
OF_LAST = trials(run(0, 0.9, **FINAL), run(1, 0.9, **FINAL | {"train_loss": 1.5, "test_loss": 2.3}))
OF_BEST = trials(
    run(0, 0.8, evaluated_at_update=40, **BEST),
    run(1, 0.9, evaluated_at_update=100, **FINAL | {"train_loss": 1.5, "test_loss": 2.3}),
)
AT_FINAL = [value(trial, 5.0 + trial) for trial in range(2)]
AT_BEST = [value(0, 3.0, which="best", update=40), value(1, 6.0, which="best", update=100)]


@pytest.mark.parametrize(
    ("table", "recorded", "values", "losses", "gap"),
    [
        (OF_LAST, AT_FINAL + AT_BEST, [5.0, 6.0], [0.5, 1.5], 0.8),
        (OF_BEST, AT_FINAL + AT_BEST, [3.0, 6.0], [1.0, 1.5], 0.1),
        (OF_LAST, AT_BEST, [3.0, 6.0], [1.0, 1.5], 0.1),
        (OF_BEST, AT_FINAL, [5.0, 6.0], [0.5, 1.5], 0.8),
    ],
)
def test_measures_and_losses_are_of_the_same_weights(table, recorded, values, losses, gap):
    found = measured(table, curvature(*recorded), CURVES)
    assert found["lambda_max"].to_pylist() == values
    assert found["train_loss"].to_pylist() == losses
    assert found["generalization_gap"].to_pylist() == pytest.approx([gap, 0.8])
    assert found["test_error"].to_pylist() == pytest.approx([0.11 if gap == 0.1 else 0.13, 0.13])


def test_without_curves_the_losses_of_other_weights_are_null():
    found = measured(OF_LAST, curvature(*AT_BEST))
    assert found["train_loss"].to_pylist() == [None, 1.5]
    assert found["generalization_gap"].to_pylist() == [None, 0.8]


def test_a_run_whose_best_weights_were_not_measured_has_null_losses():
    found = measured(OF_LAST, curvature(AT_BEST[0]), CURVES)
    assert found["lambda_max"].to_pylist() == [3.0, None]
    assert found["train_loss"].to_pylist() == [1.0, None]


def test_a_measure_taken_only_at_the_other_weights_has_a_message():
    rows = measures(OF_BEST, curvature(*AT_BEST, value(0, 7.0, "trace"))).to_pylist()
    assert [(row["measure"], row["which"], row["values"], row["missing"], row["message"]) for row in rows] == [
        ("lambda_max", "best", 2, 0, None),
        ("trace", None, 0, 1, "measured at the final weights, but these tables use the best weights"),
    ]


def test_among_settings_of_equally_many_runs_more_data_rows_are_preferred():
    many = [value(trial, 1.0, settings="many", rows=1000) for trial in range(3)]
    newer = [value(trial, 2.0, settings="newer", rows=10) for trial in range(3)]
    assert column("lambda_max", *many, *newer) == [1.0, 1.0, 1.0]
    assert column("lambda_max", *many[:2], *newer) == [2.0, 2.0, 2.0]


def test_values_that_are_not_finite_are_null():
    assert column("lambda_max", value(0, float("nan")), value(1, float("inf")), value(2, None, message="no")) == [None] * 3


@pytest.mark.parametrize("table", [trials(), trials(run(0, None))])
def test_without_completed_runs_all_values_are_null(table):
    assert column("lambda_max", value(0, 1.0), table=table) == [None] * table.num_rows
    assert measure_names(measured(table, curvature())) == []


def test_rows_without_a_recorded_update_keep_their_losses():
    """NaN differs from NaN, but two unknown updates must count as the same evaluation."""
    plain = trials(run(0, 1.0, test_loss=2.0)).drop_columns(["updates"])
    unknown = plain.append_column("updates", pa.nulls(1, pa.int64()))
    found = measured(unknown, curvature(value(0, 3.0))).to_pylist()
    assert [(row["validation_loss"], row["test_loss"]) for row in found] == [(1.0, 2.0)]


def test_a_measure_of_zero_has_no_relative_error():
    rows = [value(trial, float(trial), rows=64, training_rows=128, rows_error=0.5 * trial) for trial in range(3)]
    [row] = measures(trials(*(run(trial, 1.0) for trial in range(3))), curvature(*rows)).to_pylist()
    assert (row["values"], row["rows_error"]) == (3, 0.5)
