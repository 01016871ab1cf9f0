"""Results of batch sizes at equal epochs, updates, seconds and train loss, by hand."""

import pytest
from study_tables import curves, run, trials

from sweepgd.analysis.batch_size import equal_budgets

EVALUATIONS = 6


def study(replicates=4, classes=True):
    """Batch sizes 1 and 4, 5 epochs of 8 and 2 updates of 1 s and 2 s: the train loss is 1/(1 + rate·update)."""
    rows, points = [], []
    for trial, (size, rate) in enumerate((size, rate) for size in (1, 4) for rate in (0.5, 1.0)):
        for replicate in range(replicates):
            rows.append(run(trial, 1.0, replicate, batch_size=size, learning_rate=rate))
            for epoch in range(EVALUATIONS):
                update = epoch * 8 // size
                loss = 1 / (1 + rate * update)
                point = {"trial": trial, "replicate": replicate, "update": update, "epoch": float(epoch), "samples": 8 * epoch}
                point |= {"seconds": update * (1.0 if size == 1 else 2.0), "train_loss": loss}
                point |= {"validation_loss": loss + 0.01 * size + 0.001 * replicate, "test_loss": loss + 0.1 * size}
                if classes:
                    point |= {"validation_error": loss / 2, "test_error": loss / 4}
                points.append(point)
    rows.append(run(9, None, batch_size=4, learning_rate=2.0))  # it diverged and is not compared
    return equal_budgets(trials(*rows), curves(*points)).to_pylist()


def row(found, equal, size):
    (one,) = [row for row in found if (row["equal"], row["batch_size"]) == (equal, size)]
    return one


def test_the_same_runs_at_four_kinds_of_equality():
    found = study()
    levels = {equal: row(found, equal, 1)["level"] for equal in ("epochs", "updates", "seconds", "train_loss")}
    assert levels == {"epochs": 5.0, "updates": 10.0, "seconds": 20.0, "train_loss": pytest.approx(1 / 11)}
    # Batch 1 makes 40 updates in 5 epochs; after 20 s it has made 20. Between evaluations every 8 updates it is interpolated.
    after = {8: 1 / 9, 16: 1 / 17, 24: 1 / 25, 40: 1 / 41}
    expected = {"epochs": after[40], "updates": 0.75 * after[8] + 0.25 * after[16], "seconds": (after[16] + after[24]) / 2}
    for equal, loss in (expected | {"train_loss": after[16]}).items():
        small = row(found, equal, 1)
        assert small["best_loss"] == pytest.approx(loss + 0.01 + 0.0015), equal
        assert small["test_error"] == pytest.approx(loss / 4), equal
        assert small["generalization_gap"] == pytest.approx(0.1), equal
        large = row(found, equal, 4)
        assert large["best_loss"] == pytest.approx(1 / 11 + 0.04 + 0.0015), equal
        assert (small["learning_rate"], large["learning_rate"], large["trial"]) == (1.0, 1.0, 3)
        assert small["best_loss_low"] < small["best_loss"] < small["best_loss_high"]
    assert row(found, "train_loss", 4)["configurations"] == 1
    assert row(found, "epochs", 4)["configurations"] == 2


def test_a_regression_has_no_test_error_and_few_replicates_no_interval():
    found = row(study(replicates=2, classes=False), "epochs", 1)
    assert (found["test_error"], found["best_loss_low"]) == (None, None)
    assert found["best_loss"] == pytest.approx(1 / 41 + 0.01 + 0.0005)


def test_nothing_recorded_gives_no_rows():
    assert equal_budgets(trials(), curves()).num_rows == 0
    assert equal_budgets(trials(run(0, None)), curves()).num_rows == 0
