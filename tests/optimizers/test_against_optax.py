"""Every built-in optimizer follows the path of optax's rule and of plain NumPy, with a falling and rising learning rate.

All implementations use sweepgd's gradient at their own weights, so that only the updates differ. optax has no rule like `rms`,
and its RMSProp does not start at the first squared gradient: these two are compared with NumPy only.
"""

from collections.abc import Callable
from typing import NamedTuple

import naive
import numpy as np
import pytest
from optimizers.paths import TOLERANCE, is_weight, largest_difference, naive_path, optax_path, own_path, problem, run_of

from sweepgd.core.layout import SIZE
from sweepgd.core.setting import resolve
from sweepgd.plugins import registry

try:
    import jax
    import optax
except ImportError:  # the rules are compared with plain NumPy alone
    optax = None
else:
    jax.config.update("jax_enable_x64", True)


class Case(NamedTuple):
    """`theirs(rate)` is the optax rule with a schedule; None if optax has none."""

    optimizer: str
    rate: float
    hyperparameters: dict
    theirs: Callable | None


ADAM = {"beta1": 0.9, "beta2": 0.999}

CASES = {
    "sgd": Case("sgd", 0.5, {}, lambda rate: optax.sgd(rate)),
    "momentum": Case("momentum", 0.1, {"beta": 0.9}, lambda rate: optax.sgd(rate, momentum=0.9)),
    "momentum_average": Case(
        "momentum_average",
        1.0,
        {"beta": 0.9},
        lambda rate: optax.chain(optax.ema(0.9, debias=False), optax.scale_by_learning_rate(rate)),
    ),
    "momentum_velocity": Case(
        "momentum_velocity",
        0.1,
        {"beta": 0.9},
        lambda rate: optax.chain(optax.scale_by_learning_rate(rate), optax.trace(0.9)),
    ),
    "nesterov": Case("nesterov", 0.1, {"beta": 0.9}, lambda rate: optax.sgd(rate, momentum=0.9, nesterov=True)),
    "nesterov_velocity": Case(
        "nesterov_velocity",
        0.1,
        {"beta": 0.9},
        lambda rate: optax.chain(optax.scale_by_learning_rate(rate), optax.trace(0.9, nesterov=True)),
    ),
    "adagrad": Case(
        "adagrad",
        0.1,
        {"epsilon": 1e-3, "initial_accumulator": 0.1},
        lambda rate: optax.adagrad(rate, initial_accumulator_value=0.1, eps=1e-3),
    ),
    "rms": Case("rms", 0.01, {"epsilon": 1e-7}, None),
    "rmsprop": Case(
        "rmsprop",
        0.01,
        {"alpha": 0.9, "epsilon": 1e-4},
        lambda rate: optax.rmsprop(rate, decay=0.9, eps=1e-4, eps_in_sqrt=True),
    ),
    "rmsprop-with-momentum": Case(
        "rmsprop",
        0.003,
        {"alpha": 0.9, "momentum": 0.8, "epsilon": 1e-4},
        lambda rate: optax.rmsprop(rate, decay=0.9, eps=1e-4, eps_in_sqrt=True, momentum=0.8),
    ),
    "rmsprop-from-first-gradient": Case("rmsprop", 0.01, {"start_at_gradient": 1.0}, None),
    "adadelta": Case("adadelta", 1.0, {"rho": 0.9, "epsilon": 1e-6}, lambda rate: optax.adadelta(rate, rho=0.9, eps=1e-6)),
    "adam-epsilon-beside-the-root": Case("adam", 0.01, ADAM | {"epsilon": 1e-3}, lambda rate: optax.adam(rate, eps=1e-3)),
    "adam-epsilon-under-the-root": Case(
        "adam",
        0.01,
        ADAM | {"epsilon": 0.0, "epsilon_root": 1e-5},
        lambda rate: optax.adam(rate, eps=0.0, eps_root=1e-5),
    ),
    "adamw": Case(
        "adamw",
        0.01,
        ADAM | {"weight_decay": 0.1},
        lambda rate: optax.adamw(rate, weight_decay=0.1, mask=is_weight("float64")),
    ),
    "nadam-of-Dozat-with-constant-beta1": Case("nadam", 0.01, ADAM, lambda rate: optax.nadam(rate)),
}


def test_every_builtin_optimizer_has_a_case():
    assert {case.optimizer for case in CASES.values()} == set(registry.names("optimizers"))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_the_path_equals_numpys_and_optaxs(name, dtype):
    case = CASES[name]
    settings = resolve(registry.get("optimizers", case.optimizer).hyperparameters, case.hyperparameters, "optimizer")
    run = run_of(case.optimizer, case.hyperparameters, case.rate, dtype)
    own = own_path(run)

    # The comparison is meaningful only if the learning rate and the weights change.
    assert own.rates.max() > 5 * own.rates.min()
    assert np.linalg.norm(own.weights[-1] - own.weights[0]) > 0.3 * np.linalg.norm(own.weights[0])
    assert run.points[-1].train_loss < 0.8 * run.points[0].train_loss

    if case.optimizer == "adamw":
        layout = problem(dtype)[1].layout
        settings["is_weight"] = np.repeat(is_weight(dtype), layout[:, SIZE])
    assert largest_difference(own.weights, naive_path(getattr(naive, case.optimizer), own, **settings)) < TOLERANCE[dtype]
    if case.theirs:
        if optax is None:
            pytest.skip("optax is not installed")
        assert largest_difference(own.weights, optax_path(case.theirs, own)) < TOLERANCE[dtype]
