"""A trial with its replicates: its rows, and replicates that raise."""

import json

import numpy as np
import pytest
from linear_sweep import sweep
from run_builders import configuration

from sweepgd.execution.pruners import RUNGS
from sweepgd.sweep.configuration import config_id_of
from sweepgd.training.sweep_context import SweepContext
from sweepgd.training.trial import TrialTask, run


class Breaking(SweepContext):
    """Replicate 1 cannot begin, and replicate 2 raises before its second evaluation."""

    def training(self, configuration, replicate, *given):
        if replicate == 1:
            raise ValueError("no beginning")
        training = super().training(configuration, replicate, *given)
        if replicate == 2:
            training._order = lambda epoch: 1 / 0
        return training


def test_a_replicate_that_raises_fails_and_the_others_go_on():
    result = run(Breaking(sweep("search.replicates=4")), TrialTask(7, configuration(batch_size=5)))
    rows = result.finished.rows
    assert [row["status"] for row in rows] == ["completed", "failed", "failed", "completed"]
    assert [row["message"] for row in rows[1:3]] == ["ValueError: no beginning", "ZeroDivisionError: division by zero"]
    assert (result.status, result.objectives) == ("failed", None)
    assert [len(curve.get("update", ())) for curve in result.finished.curves] == [3, 0, 1, 3]
    assert [(each["replicate"], each["which"]) for each in result.finished.minima if each["replicate"] != 2] == [
        (0, "final"), (0, "best"), (3, "final"), (3, "best"),
    ]  # fmt: skip


def test_a_row_contains_the_whole_configuration():
    given = sweep("search.seed=3", "data.seed=5", "data.redraw=true", "search.replicates=2", "model.dtype='float64'")
    chosen = configuration("momentum", {"beta": 0.5}, batch_size="full", learning_rate=0.1, warmup=1.0, weight_decay=0.01)
    row = run(SweepContext(given), TrialTask(2, chosen)).finished.rows[1]
    assert (row["trial"], row["replicate"], row["seed"], row["data_seed"]) == (2, 1, 4, 6)
    assert (row["data"], row["model"], row["dtype"], row["parameters"]) == ("synthetic_linear", "linear", "float64", 3)
    assert (row["optimizer"], row["learning_rate"], row["batch_size"]) == ("momentum", 0.1, 34)
    assert row["hyperparameters"] == {"beta": 0.5, "warmup": 1.0, "schedule_after_warmup": 0.0, "weight_decay": 0.01}
    assert (row["updates"], row["samples"], row["epochs"]) == (2, 68, 2.0)
    assert row["generalization_gap"] == pytest.approx(row["test_loss"] - row["train_loss"])
    settings = json.loads(row["settings"])
    assert row["settings"] == json.dumps(settings, sort_keys=True)
    assert settings["configuration"]["batch_size"] == "full"
    assert settings["data"]["noise"] == 0.01
    assert row["config_id"] == config_id_of(chosen.to_json())


def test_a_row_records_schedule_after_warmup():
    chosen = {"schedule": "cosine", "schedule_settings": {"floor": 0.0, "restarts": 0}}
    after, multiplied, without = (
        run(
            SweepContext(sweep()),
            TrialTask(0, configuration(batch_size=5, warmup=warmup, schedule_after_warmup=flag, **chosen)),
        ).finished
        for warmup, flag in ((1.0, True), (1.0, False), (0.0, False))
    )
    assert after.rows[0]["hyperparameters"]["schedule_after_warmup"] == 1.0
    assert multiplied.rows[0]["hyperparameters"]["schedule_after_warmup"] == 0.0
    assert "schedule_after_warmup" not in without.rows[0]["hyperparameters"]
    assert json.loads(after.rows[0]["settings"])["configuration"]["schedule_after_warmup"] is True
    assert after.rows[0]["config_id"] != multiplied.rows[0]["config_id"]
    # 7 updates an epoch: at update 7 the base rate, or that of the middle of the run.
    assert after.curves[0]["learning_rate"][1] == pytest.approx(0.1)
    assert multiplied.curves[0]["learning_rate"][1] == pytest.approx(0.1 * 0.5 * (1 + np.cos(np.pi * 6 / 14)))


def test_a_diverged_row_has_a_last_finite_loss_and_no_losses():
    given = SweepContext(sweep("budget.epochs=50"))
    row = run(given, TrialTask(0, configuration(batch_size=5, learning_rate=10.0))).finished.rows[0]
    assert row["status"] == "diverged"
    assert "train_loss" not in row
    assert row["objectives"] == [None]
    assert row["diverged_at_update"] == row["updates"] > 0
    assert 0 < row["last_finite_loss"] < float("inf")
    assert str(row["diverged_at_update"]) in row["message"]


def test_a_growing_batch_is_recorded_by_its_initial_size():
    given = SweepContext(sweep("budget.epochs=3"))
    chosen = configuration(
        batch_size=4,
        batch_schedule="growth",
        batch_schedule_settings={"after": 1, "every": 1, "factor": 2.0, "limit": 0},
    )
    finished = run(given, TrialTask(0, chosen)).finished
    assert finished.rows[0]["batch_size"] == 4
    assert finished.rows[0]["hyperparameters"]["batch_schedule.factor"] == 2.0


MOONS = """
name = "moons"
[data]
name = "moons"
[model]
name = "mlp"
dtype = "float64"
[budget]
epochs = 7
patience = 3
[search]
objective = "best_validation_loss"
"""


@pytest.mark.parametrize("pruner", ["none", "median", "asha", "hyperband"])
def test_a_pruner_that_prunes_nothing_changes_no_result(pruner):
    """Evaluations at rungs once counted for patience: 2.8 epochs with median, 3 with asha, best loss 0.110."""
    asked = []
    chosen = configuration("adam", batch_size=16, learning_rate=0.5)
    finished = run(
        SweepContext(sweep(text=MOONS)), TrialTask(0, chosen, RUNGS[pruner]), lambda *given: asked.append(given)
    ).finished
    row, curve = finished.rows[0], finished.curves[0]
    assert [rung for rung, _ in asked] == list(RUNGS[pruner])
    assert (row["epochs"], row["message"]) == (7.0, "budget spent")
    assert row["objectives"] == [pytest.approx(0.05504, rel=1e-3)]
    assert curve["epoch"].tolist() == list(range(8))


def test_a_rung_reports_the_loss_at_its_update():
    asked = {}
    chosen = configuration("adam", batch_size=16, learning_rate=0.5)
    given = ("search.objective='validation_loss'", "budget.patience=1000", "budget.eval_every=1")
    curve = run(SweepContext(sweep(*given, text=MOONS)), TrialTask(0, chosen)).finished.curves[0]
    at = dict(zip(curve["update"].tolist(), curve["validation_loss"].tolist(), strict=True))
    run(
        SweepContext(sweep(*given[:2], text=MOONS)),
        TrialTask(0, chosen, RUNGS["asha"]),
        lambda rung, mean: asked.update({rung: mean}),
    )
    assert asked == {4: at[13], 12: at[37], 36: at[111]}  # of 308 updates


LOSSES = ("train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error")


@pytest.mark.parametrize(
    ("objectives", "update"),
    [
        (["best_validation_loss"], 220),
        (["train_seconds", "best_validation_loss", "train_loss"], 220),
        (["validation_loss"], 308),
        (["train_error", "best_validation_loss"], 308),
        (["steps_to_goal"], 308),
    ],
)
def test_all_losses_of_a_row_belong_to_evaluated_at_update(objectives, update):
    """Of 8 evaluations the best is at update 220, epoch 5, and the last at 308."""
    context = SweepContext(sweep("search={}", f"search.objectives={objectives}", "budget.goal=0.5", text=MOONS))
    finished = run(context, TrialTask(0, configuration("adam", batch_size=16, learning_rate=0.5))).finished
    row, curve = finished.rows[0], finished.curves[0]
    at = curve["update"].tolist().index(update)
    assert (row["evaluated_at_update"], row["updates"]) == (update, 308)
    assert [row[name] for name in LOSSES] == [curve[name][at] for name in LOSSES]
    assert row["generalization_gap"] == curve["test_loss"][at] - curve["train_loss"][at]
    named = dict(zip(objectives, row["objectives"], strict=True))
    assert named.get("best_validation_loss", min(curve["validation_loss"])) == min(curve["validation_loss"])
    assert named.get("train_loss", curve["train_loss"][-1]) == curve["train_loss"][-1]


def test_a_pruned_run_is_recorded_by_its_best_evaluation():
    context = SweepContext(sweep(text=MOONS))
    task = TrialTask(0, configuration("adam", batch_size=16, learning_rate=0.5), (40,))
    finished = run(context, task, lambda rung, mean: True).finished
    row, curve = finished.rows[0], finished.curves[0]
    assert (row["status"], row["updates"], curve["update"].tolist()) == ("pruned", 124, [0, 44, 88, 124])
    assert row["evaluated_at_update"] == curve["update"][curve["validation_loss"].argmin()]
    assert row["validation_loss"] == min(curve["validation_loss"]) == row["objectives"][0]
