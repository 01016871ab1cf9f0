"""Importance of hyperparameters: PED-ANOVA as in Optuna, and studies whose answer is known."""

import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution
from optuna.importance import PedAnovaImportanceEvaluator
from study_tables import run, trials

from sweepgd.analysis import importance
from sweepgd.analysis.importance import pearson_divergence


def study(decides: str, diverges: str = "batch_size", number: int = 120):
    """A random search in which one hyperparameter decides the objective, and another one divergence."""
    random = np.random.default_rng(1)
    rows = []
    for trial in range(number):
        columns = {
            "optimizer": str(random.choice(["adam", "sgd", "momentum"])),
            "batch_size": int(random.choice([8, 32, 128])),
            "learning_rate": float(random.choice([0.01, 0.1, 1.0])),
        }
        levels = sorted(
            {"optimizer": ["adam", "sgd", "momentum"], "batch_size": [8, 32, 128], "learning_rate": [0.01, 0.1, 1.0]}[decides]
        )
        value = float(levels.index(columns[decides])) + 0.1 * random.random()
        gone = columns[diverges] == 8 and random.random() < 0.5
        rows.append(run(trial, None if gone else value, **columns))
    return trials(*rows)


def test_divergences_are_those_of_optuna():
    random = np.random.default_rng(0)
    levels = {name: random.integers(0, count, 60) for name, count in (("a", 3), ("b", 5))}
    values = levels["a"] + random.random(60)
    space = {name: CategoricalDistribution(list(range(count))) for name, count in (("a", 3), ("b", 5))}
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    reference = optuna.create_study()
    for index in range(60):
        point = {name: int(codes[index]) for name, codes in levels.items()}
        reference.add_trial(optuna.create_trial(params=point, distributions=space, value=float(values[index])))
    wanted = PedAnovaImportanceEvaluator().evaluate(reference)
    top = values <= np.sort(values)[5]
    for name, codes in levels.items():
        (found,) = pearson_divergence(codes, top[np.newaxis].astype(float), np.ones((1, 60)))
        assert found * (top.sum() / 60) ** 2 == pytest.approx(wanted[name], rel=1e-9)


@pytest.mark.parametrize("decides", ["optimizer", "learning_rate"])
def test_what_decides_is_most_important_and_divergence_has_its_own_answer(decides):
    rows = importance(study(decides)).to_pylist()
    for target, name in (("objective", decides), ("divergence", "batch_size")):
        shown = [row for row in rows if row["target"] == target]
        assert shown[0]["hyperparameter"] == name
        assert shown[0]["importance"] > 0.6
        assert shown[0]["importance_low"] > shown[1]["importance"]
        assert sum(row["importance"] for row in shown) == pytest.approx(1)
        assert all(row["importance_low"] <= row["importance"] <= row["importance_high"] for row in shown[:1])
    assert {row["configurations"] for row in rows if row["target"] == "divergence"} == {120}


def test_too_few_configurations_or_hyperparameters_have_no_importance():
    assert importance(study("optimizer", number=19)).num_rows == 0
    assert importance(trials(*(run(trial, 1.0, learning_rate=float(trial + 1)) for trial in range(40)))).num_rows == 0
    assert importance(trials()).num_rows == 0


def test_settings_of_equal_name_are_hyperparameters_of_their_optimizers():
    random = np.random.default_rng(3)
    rows = []
    for trial in range(200):
        optimizer, beta = str(random.choice(["momentum", "nesterov"])), float(random.choice([0.5, 0.9]))
        good = optimizer == "momentum" and beta == 0.5
        rows.append(run(trial, float(random.random() + (not good)), optimizer=optimizer, hyperparameters={"beta": beta}))
    found = {row["hyperparameter"]: row for row in importance(trials(*rows)).to_pylist()}
    assert set(found) == {"optimizer", "momentum.beta", "nesterov.beta"}
    assert found["nesterov.beta"]["importance_high"] < 0.01
    # The divergence is Σ p·(q/p - 1)² = 1 for the optimizer, whose shares are (½, ½) and (1, 0), and 1²/½ times 1 for beta.
    assert found["momentum.beta"]["importance"] == pytest.approx(2 / 3, abs=0.05)
    assert found["momentum.beta"]["levels"] == 2


def test_a_setting_that_only_some_have_is_compared_among_these():
    levels = np.array([0] * 4 + [1] * 6 + [-1] * 10)
    top = np.array([[1.0] * 3 + [0.0] * 7 + [1.0] * 2 + [0.0] * 8, [0.0] * 10 + [1.0] * 5 + [0.0] * 5])
    every = np.ones_like(top)
    found = pearson_divergence(levels, top, every)
    among = pearson_divergence(levels[:10], top[:1, :10], every[:1, :10])
    assert found == pytest.approx([0.6**2 / 0.5 * among[0], 0.0])
