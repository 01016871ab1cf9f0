import numpy as np
import pytest
from study_tables import curvature, curves, run, trials, value

from sweepgd.analysis.stability import EDGES, edge_of_stability, stability, thresholds
from sweepgd.plugins import registry


def recorded(update, number, **columns):
    return value(0, number, update=update, which="path", **columns)


def point(update, rate, replicate=0):
    return {"trial": 0, "replicate": replicate, "update": update, "epoch": update / 10, "learning_rate": rate}


def test_measurements_are_joined_with_the_rate_at_their_update():
    table = edge_of_stability(
        trials(run(0, 1.0, batch_size=8), run(0, 1.0, 1)),
        curves(point(0, None), point(10, 0.5), point(20, 0.1), point(10, 9.0, replicate=1)),
        curvature(
            recorded(20, 10.0),
            recorded(0, 1.0),
            recorded(10, 3.0),
            value(0, 7.0, update=20),
            recorded(10, 5.0, measure="trace"),
        ),
    )
    assert table["batch_size"].to_pylist() == [8, 8, 8]
    assert table.drop_columns(["trial", "replicate", "optimizer", "batch_size"]).to_pylist() == [
        {
            "update": 0,
            "epoch": 0.0,
            "learning_rate": None,
            "lambda_max": 1.0,
            "rows_error": None,
            "weight_decay": None,
            "threshold": None,
            "ratio": None,
        },
        {
            "update": 10,
            "epoch": 1.0,
            "learning_rate": 0.5,
            "lambda_max": 3.0,
            "rows_error": None,
            "weight_decay": 0.0,
            "threshold": 4.0,
            "ratio": 0.75,
        },
        {
            "update": 20,
            "epoch": 2.0,
            "learning_rate": 0.1,
            "lambda_max": 10.0,
            "rows_error": None,
            "weight_decay": 0.0,
            "threshold": 20.0,
            "ratio": 0.5,
        },
    ]


def test_the_newest_measurement_counts_and_a_zero_rate_has_no_threshold():
    table = edge_of_stability(
        trials(run(0, None)),
        curves(point(10, 0.0)),
        curvature(recorded(10, 1.0), recorded(10, 2.0), recorded(30, None)),
    )
    assert table["lambda_max"].to_pylist() == [2.0, None]
    assert table["epoch"].to_pylist() == [1.0, None]
    assert table["threshold"].to_pylist() == [None, None]


def test_without_measurements_along_training_the_table_is_empty():
    assert edge_of_stability(trials(), curves(point(0, 0.1)), curvature(value(0, 1.0))).num_rows == 0


def test_a_configuration_is_summarised_by_its_closest_measurement():
    runs = trials(run(0, 1.0), run(0, 1.0, 1), run(1, 1.0, optimizer="adam"), run(2, 1.0, batch_size=8))
    measured = ((0, 0), (0, 1), (1, 0))
    table = edge_of_stability(
        runs,
        curves(*(point(update, 0.5, replicate) | {"trial": trial} for trial, replicate in measured for update in (10, 20))),
        curvature(
            recorded(10, 1.0), recorded(20, 3.0), recorded(10, 6.0, replicate=1), recorded(20, None, replicate=1),
            recorded(10, 8.0) | {"trial": 1}, recorded(20, 2.0) | {"trial": 1},
        ),
    )  # fmt: skip
    rows = stability(runs, table).to_pylist()
    names = ("trial", "optimizer", "measurements", "epoch", "lambda_max", "ratio")
    assert [tuple(row[name] for name in names) for row in rows] == [
        (0, "sgd", 3, 1.0, 6.0, 1.5), (1, "adam", 2, 1.0, 8.0, None), (2, "sgd", 0, None, None, None)
    ]  # fmt: skip
    assert [row["share_beyond"] for row in rows] == [1 / 3, None, None]
    assert stability(runs, table.slice(0, 0)).num_rows == 0


def after(optimizer, beta, curvature):
    """Return |θ| after 2000 updates of the optimizer with learning rate 0.5 on ½ λ θ², with λ = `curvature`."""
    theta, slots, rate = np.ones(1), np.zeros((max(1, len(optimizer.slots)), 1)), 0.5
    for t in range(1, 2001):
        optimizer.update(theta, curvature * theta, slots, None, (beta,), rate, t, 0, 1)
        if abs(theta[0]) > 1e100:
            break
    return abs(theta[0])


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("name", list(EDGES))
def test_each_optimizer_converges_below_its_threshold_and_diverges_above(name, beta):
    optimizer = next(entry.thing for entry in registry.entries("optimizers") if entry.name == name)
    [edge] = thresholds([name], np.array([beta]), np.array([0.5]))
    assert after(optimizer, beta, 0.98 * edge) < 1e-9
    assert after(optimizer, beta, 1.02 * edge) > 1e9


def test_the_threshold_is_that_of_the_optimizer_and_null_if_unknown():
    momentum = {"optimizer": "momentum", "hyperparameters": {"beta": 0.9}}
    table = edge_of_stability(
        trials(run(0, 1.0, **momentum), run(1, 1.0, optimizer="adam"), run(2, 1.0, optimizer="plugin")),
        curves(*(point(10, 0.5) | {"trial": trial} for trial in range(3))),
        curvature(*(recorded(10, 3.8) | {"trial": trial} for trial in range(3))),
    )
    assert table["threshold"].to_pylist() == pytest.approx([7.6, None, None])
    assert table["ratio"].to_pylist() == pytest.approx([0.5, None, None])


def test_an_l2_penalty_is_added_to_lambda_max_if_there_is_a_threshold():
    def of(optimizer, decay, beta=0.5):
        return {"optimizer": optimizer, "hyperparameters": {"weight_decay": decay, "beta": beta}}

    rules = ("sgd", "momentum", "nesterov", "adam", "adamw")
    table = edge_of_stability(
        trials(*(run(trial, 1.0, **of(name, 0.5)) for trial, name in enumerate(rules)), run(5, 1.0)),
        curves(*(point(10, 0.5) | {"trial": trial} for trial in range(6))),
        curvature(*(recorded(10, 3.5, rows_error=0.25) | {"trial": trial} for trial in range(6))),
    )
    # AdamW's decay is not part of the loss that it descends, and adaptive optimizers have no threshold.
    assert table["weight_decay"].to_pylist() == [0.5, 0.5, 0.5, None, None, 0.0]
    assert table["threshold"].to_pylist() == pytest.approx([4.0, 6.0, 3.0, None, None, 4.0])
    assert table["ratio"].to_pylist() == pytest.approx([1.0, 4 / 6, 4 / 3, None, None, 3.5 / 4])
    assert table["lambda_max"].to_pylist() == [3.5] * 6
    assert table["rows_error"].to_pylist() == [0.25] * 6
