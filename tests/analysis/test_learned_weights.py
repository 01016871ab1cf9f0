import pytest
from study_tables import Tables, minima, minimum, run, trials

from sweepgd.analysis import learned_weights, summary
from sweepgd.analysis.learned_weights import parameter_names
from sweepgd.core.layout import BIAS, POSITION, SCALE, WEIGHT, Tensor, layout_of

LINEAR = layout_of([Tensor((2, 1), WEIGHT, 2, 1), Tensor((1,), BIAS, 2, 1)])


@pytest.mark.parametrize(
    ("tensors", "names"),
    [
        ([Tensor((2, 1), WEIGHT, 2, 1), Tensor((1,), BIAS, 2, 1)], ["w1", "w2", "b"]),
        ([Tensor((1, 1), WEIGHT, 1, 1), Tensor((1,), SCALE, 1, 1)], ["w", "s"]),
        ([Tensor((2,), POSITION, 2, 1)], ["x1", "x2"]),
        (
            [Tensor((1, 2), WEIGHT, 1, 2), Tensor((2,), BIAS, 1, 2), Tensor((2, 1), WEIGHT, 2, 1), Tensor((1,), BIAS, 2, 1)],
            ["w1", "w2", "b1", "b2", "w3", "w4", "b3"],
        ),
    ],
    ids=["linear", "one of each", "surface", "network"],
)
def test_parameters_are_named_by_kind_and_numbered_if_several(tensors, names):
    assert parameter_names(layout_of(tensors)) == names


def test_weights_of_the_best_configurations_have_mean_and_deviation():
    table = trials(
        run(3, 0.2, 0, parameters=3),
        run(3, 0.2, 1, parameters=3),
        run(3, None, 2, status="failed", parameters=3),
        run(3, 9.0, 3, status="pruned", parameters=3),
        run(5, 0.1, 0, parameters=3, optimizer="adam", learning_rate=0.01, batch_size=8),
        run(6, 0.15, 0, parameters=3),
        run(6, None, 1, parameters=3),
        run(7, 0.3, 0, parameters=3),
        run(8, 0.05, 0, parameters=3, status="pruned"),
    )
    recorded = minima(
        minimum(3, [1.0, -3.0, 5.0], LINEAR, 0),
        minimum(3, [3.0, -3.0, 6.0], LINEAR, 1),
        minimum(3, [9.0, 9.0, 9.0], LINEAR, 0, which="best"),
        minimum(3, [9.0, 9.0, 9.0], LINEAR, 3),
        minimum(5, [2.0, -3.4, 4.2], LINEAR),
        *(minimum(trial, [9.0, 9.0, 9.0], LINEAR) for trial in (6, 7, 8)),
    )
    rows = learned_weights(table, recorded, 10).to_pylist()
    # Trials 6 and 3 are incomplete, and no replicate of trial 8 completed.
    assert [row["trial"] for row in rows] == [5, 7, 6, 3]
    assert [rows[0], rows[3]] == [
        {"trial": 5, "optimizer": "adam", "schedule": "constant", "batch_size": 8, "learning_rate": 0.01}
        | {"w1": 2.0, "w1_sd": None, "w2": -3.4, "w2_sd": None, "b": 4.2, "b_sd": None},
        {"trial": 3, "optimizer": "sgd", "schedule": "constant", "batch_size": 32, "learning_rate": 0.1}
        | {"w1": 2.0, "w1_sd": pytest.approx(2**0.5), "w2": -3.0, "w2_sd": 0.0, "b": 5.5, "b_sd": pytest.approx(0.5**0.5)},
    ]


def test_weights_and_losses_are_of_the_same_evaluation():
    table = trials(run(0, 1.0, parameters=3, evaluated_at_update=40), run(1, 2.0, parameters=3, evaluated_at_update=100))
    finals = [minimum(trial, [9.0, 9.0, float(trial)], LINEAR) for trial in range(2)]
    bests = [minimum(trial, [1.0, 2.0, 3.0 + trial], LINEAR, which="best") for trial in range(2)]
    assert learned_weights(table, minima(*finals, *bests))["b"].to_pylist() == [3.0, 1.0]


def test_a_configuration_without_recorded_weights_has_nulls():
    table = trials(run(0, 1.0, parameters=3), run(1, 2.0, parameters=3))
    [kept, lost] = learned_weights(table, minima(minimum(0, [1.0, 2.0, 3.0], LINEAR))).to_pylist()
    assert (kept["w1"], lost["w1"], lost["b_sd"]) == (1.0, None, None)


@pytest.mark.parametrize("rows", [[], [run(0, 1.0, parameters=9)], [run(0, None, parameters=3)], [run(0, 1.0, parameters=3)]])
def test_the_table_of_weights_may_be_empty(rows):
    assert learned_weights(trials(*rows), minima()).num_rows == 0


def test_the_minima_of_a_larger_model_are_not_read():
    unreadable = None
    assert "learned_weights" not in summary(Tables(trials(run(0, 1.0, parameters=9)), unreadable))
    assert "learned_weights" in summary(Tables(trials(run(0, 1.0, parameters=8))))
