"""Rules unlike the built-in ones fit the contract, written as a plugin's author would: the trainer knows none of them.

SAM takes a second gradient, LAMB works layer by layer, schedule-free SGD is judged by other weights than it steps, and
Muon multiplies matrices. Each takes the path of optax' rule.
"""

from collections.abc import Callable
from typing import NamedTuple

import numba
import numpy as np
import pytest
from optimizers.contract.lamb import lamb
from optimizers.contract.muon import muon
from optimizers.contract.sam import sam
from optimizers.contract.schedule_free import schedule_free
from optimizers.paths import (
    UPDATES,
    Path,
    flat,
    gradients,
    is_weight,
    largest_difference,
    optax_path,
    own_path,
    run_of,
    split,
)

from sweepgd import registry
from sweepgd.kernels import loops, signatures

TOLERANCE = {"float32": 1e-5, "float64": 1e-10}
# The gradient of softmax' last layer has a rank below its columns, and Newton-Schulz steps multiply the rounding in the
# empty direction by 3.4445⁵ = 485.
TOLERANCE_OF_MUON = {"float32": 1e-4, "float64": 1e-10}
PLUGINS = {rule.name: rule for rule in (sam, lamb, schedule_free, muon)}


@pytest.fixture(autouse=True)
def _plugins(monkeypatch):
    """Offers the four rules beside the installed ones."""
    installed = registry.get
    monkeypatch.setattr(registry, "get", lambda kind, name: PLUGINS[name] if name in PLUGINS else installed(kind, name))


@pytest.fixture(scope="module")
def optax():
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    return pytest.importorskip("optax")


class Case(NamedTuple):
    """`theirs(optax, path)` are the weights to judge by along optax' path."""

    rate: float
    hyperparameters: dict
    theirs: Callable


def sam_path(optax, path: Path) -> np.ndarray:
    """optax' SAM makes an update in two calls: a step away to the probe, and from there the step itself."""
    import jax
    import jax.numpy as jnp

    dtype = path.weights.dtype.name
    gradient, rates = gradients(dtype), jnp.asarray(path.rates, dtype)
    uphill = optax.chain(optax.contrib.normalize(), optax.sgd(0.1))
    rule = optax.contrib.sam(optax.sgd(lambda count: rates[count]), uphill)
    tensors = [jnp.asarray(tensor) for tensor in split(path.weights[0], dtype)]
    state = rule.init(tensors)
    call = jax.jit(rule.update)
    weights = [path.weights[0]]
    for t in range(UPDATES):
        for _ in range(2):
            changes, state = call(split(gradient(flat(tensors), t), dtype), state, tensors)
            tensors = optax.apply_updates(tensors, changes)
        weights.append(flat(tensors))
    return np.array(weights)


def lamb_path(optax, path: Path) -> np.ndarray:
    weight = is_weight(path.weights.dtype.name)
    return optax_path(
        lambda rate: optax.chain(
            optax.scale_by_adam(eps=1e-6),
            optax.add_decayed_weights(0.1, weight),
            optax.masked(optax.scale_by_trust_ratio(), weight),
            optax.scale_by_learning_rate(rate),
        ),
        path,
    )


def schedule_free_path(optax, path: Path) -> np.ndarray:
    # optax asks for the average's rate with counts from 1, and for the step's with counts from 0.
    return optax_path(
        lambda rate: optax.contrib.schedule_free(optax.sgd(rate), lambda count: rate(count - 1), b1=0.9),
        path,
        judged=optax.contrib.schedule_free_eval_params,
    )


def muon_path(optax, path: Path) -> np.ndarray:
    import jax
    from optax.contrib import MuonDimensionNumbers, scale_by_muon

    kinds = ["matrix" if weight else "bias" for weight in is_weight(path.weights.dtype.name)]

    def matrices(tree):
        return jax.tree.map(lambda _: MuonDimensionNumbers(reduction_axis=0, output_axis=1), tree)

    def wider(tree, _):
        return jax.tree.map(lambda step: step * max(1.0, step.shape[1] / step.shape[0]) ** 0.5, tree)

    def rule(rate):
        orthogonal = optax.chain(
            # An average of gradients where ours is their sum: a factor that orthogonalizing takes away, but for ε.
            scale_by_muon(beta=0.95, nesterov=False, eps=0.0, weight_dimension_numbers=matrices),
            optax.stateless(wider),
            optax.scale_by_learning_rate(rate),
        )
        return optax.partition({"matrix": orthogonal, "bias": optax.sgd(rate, momentum=0.95)}, kinds)

    return optax_path(rule, path)


CASES = {
    "sam": Case(0.3, {"rho": 0.1}, sam_path),
    "lamb": Case(0.03, {"weight_decay": 0.1}, lamb_path),
    "schedule_free": Case(1.0, {"beta": 0.9}, schedule_free_path),
    "muon": Case(0.01, {"beta": 0.95}, muon_path),
}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_path(name, dtype, optax):
    case = CASES[name]
    run = run_of(name, case.hyperparameters, case.rate, dtype)
    own = own_path(run)
    assert run.points[-1].train_loss < 0.8 * run.points[0].train_loss
    tolerance = TOLERANCE_OF_MUON if name == "muon" else TOLERANCE
    assert largest_difference(own.weights, case.theirs(optax, own)) < tolerance[dtype]


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="about compilation")
def test_adding_a_rule_compiles_no_trainer():
    own_path(run_of("sgd", {}, 0.1, "float32"))
    trainer = signatures.compiled("train", loops.train, "float32")
    compiled_before = trainer.stats.cache_hits.total(), trainer.stats.cache_misses.total()
    for name, case in CASES.items():
        own_path(run_of(name, case.hyperparameters, case.rate, "float32"))
    assert signatures.compiled("train", loops.train, "float32") is trainer
    assert len(trainer.signatures) == 1
    assert (trainer.stats.cache_hits.total(), trainer.stats.cache_misses.total()) == compiled_before


def test_judged_by_the_average_and_not_by_the_weights_stepped():
    run = run_of("schedule_free", {}, 1.0, "float64")
    own = own_path(run)
    stepped, fast = run._binding.theta, run._binding.slots[0]
    np.testing.assert_allclose(0.9 * own.weights[-1] + 0.1 * fast, stepped, rtol=1e-12)
    assert np.linalg.norm(own.weights[-1] - stepped) > 1e-3
