import pyarrow as pa
import pytest
from study_tables import curvature, curves, run, trials, value

from sweepgd.analysis.measured import measure_names, measured
from sweepgd.analysis.measures import measures


def column(name, *rows, table=None):
    table = trials(run(0, 1.0), run(1, 1.0), run(2, 1.0)) if table is None else table
    return measured(table, curvature(*rows))[name].to_pylist()


def test_a_row_a_run_with_a_column_a_measure_and_values_of_completed_ones():
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


def test_measures_stand_in_the_order_of_the_catalogue_and_unknown_ones_last():
    recorded = curvature(
        *(value(0, 1.0, name) for name in ("of_the_future", "phi_0.001", "trace", "lambda_max_2", "lambda_max"))
    )
    names = measure_names(measured(trials(run(0, 1.0)), recorded))
    assert names == ["lambda_max_2", "lambda_max", "trace", "phi_0.001", "of_the_future"]


def test_final_weights_stand_before_best_ones_and_are_not_mixed_with_them():
    rows = [value(trial, 10.0 + trial, which="best") for trial in range(3)]
    assert column("lambda_max", *rows) == [10.0, 11.0, 12.0]
    assert column("lambda_max", *rows, value(1, 5.0)) == [None, 5.0, None]


@pytest.mark.parametrize("others", [{"rescaling": 10.0}, {"which": "path"}])
def test_rescaled_weights_and_looks_along_training_are_other_rows(others):
    assert column("lambda_max", value(0, 1.0), value(0, 2.0, **others)) == [1.0, None, None]


def test_of_several_settings_the_ones_of_most_runs_then_the_newest():
    old = [value(trial, 1.0, settings="old") for trial in range(3)]
    new = [value(trial, 2.0, settings="new") for trial in range(3)]
    assert column("lambda_max", *old, *new[:2]) == [1.0, 1.0, 1.0]
    assert column("lambda_max", *old, *new) == [2.0, 2.0, 2.0]
    # As a record is read: by trial, within one as it was written.
    assert column("lambda_max", *(row for both in zip(old, new, strict=True) for row in both)) == [2.0, 2.0, 2.0]


def test_settings_that_mostly_failed_do_not_hide_others_and_runs_are_counted_rather_than_rows():
    failed = [value(trial, None, settings="many", message="no") for trial in range(3)]
    assert column("lambda_max", *failed, value(1, 5.0, settings="few")) == [None, 5.0, None]
    again = [value(0, float(index), settings="again") for index in range(3)]
    others = [value(trial, 7.0, settings="once") for trial in range(2)]
    assert column("lambda_max", *again, *others) == column("lambda_max", *others, *again) == [7.0, 7.0, None]


def test_best_weights_stand_in_where_no_final_ones_have_a_value():
    assert column("lambda_max", value(0, None), value(0, 5.0, which="best")) == [5.0, None, None]


# Losses fall, and the held-out one rises again after update 40; trial 1 is best at its end.
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
def test_a_measure_stands_beside_the_losses_of_its_own_weights(table, recorded, values, losses, gap):
    found = measured(table, curvature(*recorded), CURVES)
    assert found["lambda_max"].to_pylist() == values
    assert found["train_loss"].to_pylist() == losses
    assert found["generalization_gap"].to_pylist() == pytest.approx([gap, 0.8])
    assert found["test_error"].to_pylist() == pytest.approx([0.11 if gap == 0.1 else 0.13, 0.13])


def test_without_curves_the_losses_of_other_weights_are_null():
    found = measured(OF_LAST, curvature(*AT_BEST))
    assert found["train_loss"].to_pylist() == [None, 1.5]
    assert found["generalization_gap"].to_pylist() == [None, 0.8]


def test_a_run_whose_best_weights_were_not_measured_has_no_losses_of_others():
    found = measured(OF_LAST, curvature(AT_BEST[0]), CURVES)
    assert found["lambda_max"].to_pylist() == [3.0, None]
    assert found["train_loss"].to_pylist() == [1.0, None]


def test_measures_taken_at_other_weights_alone_are_told():
    rows = measures(OF_BEST, curvature(*AT_BEST, value(0, 7.0, "trace"))).to_pylist()
    assert [(row["measure"], row["which"], row["values"], row["missing"], row["message"]) for row in rows] == [
        ("lambda_max", "best", 2, 0, None),
        ("trace", None, 0, 1, "measured at the final weights, and these tables are of the best ones"),
    ]


def test_of_settings_with_as_many_runs_those_on_more_rows():
    many = [value(trial, 1.0, settings="many", rows=1000) for trial in range(3)]
    newer = [value(trial, 2.0, settings="newer", rows=10) for trial in range(3)]
    assert column("lambda_max", *many, *newer) == [1.0, 1.0, 1.0]
    assert column("lambda_max", *many[:2], *newer) == [2.0, 2.0, 2.0]


def test_what_is_not_finite_is_null():
    assert column("lambda_max", value(0, float("nan")), value(1, float("inf")), value(2, None, message="no")) == [None] * 3


@pytest.mark.parametrize("table", [trials(), trials(run(0, None))])
def test_no_completed_run(table):
    assert column("lambda_max", value(0, 1.0), table=table) == [None] * table.num_rows
    assert measure_names(measured(table, curvature())) == []


def test_rows_that_name_no_update_keep_their_losses():
    """NaN is not equal to NaN: an update that is not known is no other evaluation."""
    plain = trials(run(0, 1.0, test_loss=2.0)).drop_columns(["updates"])
    unknown = plain.append_column("updates", pa.nulls(1, pa.int64()))
    found = measured(unknown, curvature(value(0, 3.0))).to_pylist()
    assert [(row["validation_loss"], row["test_loss"]) for row in found] == [(1.0, 2.0)]
