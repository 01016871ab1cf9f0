"""Paths of an optimizer over 200 updates of a 2-layer network, from sweepgd and from other implementations."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from kernel_calls import loss_and_gradient
from run_builders import configuration, data_of, model_for, training

from sweepgd.core.layout import KIND, WEIGHT, tensors_in
from sweepgd.data import Data
from sweepgd.models import Architecture
from sweepgd.training import Training

UPDATES, ROWS, BATCH = 200, 60, 12
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}


class Path(NamedTuple):
    """`rates` (updates,), and `weights` (updates + 1, parameters) before the first update and after each."""

    rates: np.ndarray
    weights: np.ndarray


def problem(dtype: str) -> tuple[Data, Architecture]:
    """Data with 4 inputs and 3 classes, and a network 4-6-3."""
    rng = np.random.default_rng(7)
    inputs = rng.normal(size=(ROWS, 4))
    labels = np.argmax(inputs[:, :3] + 0.3 * rng.normal(size=(ROWS, 3)), axis=1)
    data = data_of(inputs, labels, classes=3, dtype=dtype)
    return data, model_for(data, "mlp", hidden=[6], activation="tanh", init="xavier")


def run_of(optimizer: str, hyperparameters: dict, rate: float, dtype: str) -> Training:
    """A run whose learning rate follows half a cosine with one restart."""
    data, architecture = problem(dtype)
    return training(
        configuration(
            optimizer,
            hyperparameters,
            learning_rate=rate,
            batch_size=BATCH,
            schedule="cosine",
            schedule_settings={"floor": 0.1, "restarts": 1},
        ),
        data,
        architecture,
        dtype=dtype,
        initial=architecture.initial(np.random.default_rng(8)),
        order=order,
        updates=UPDATES,
        eval_every=1,
    )


def order(epoch: int) -> np.ndarray:
    return np.random.default_rng([9, epoch]).permutation(ROWS)


def own_path(run: Training) -> Path:
    """The weights at which each evaluation of a run takes place."""
    weights = np.array([run.parameters for _ in run.advance()])
    assert [point.update for point in run.points] == list(range(UPDATES + 1))
    return Path(np.array([point.learning_rate for point in run.points[1:]]), weights)


def gradients(dtype: str) -> Callable[[np.ndarray, int], np.ndarray]:
    """A function of weights and t, from 0, for the gradient of mini-batch t; both paths use it, so that only rules differ."""
    data, architecture = problem(dtype)
    batches = ROWS // BATCH

    def gradient(weights: np.ndarray, t: int) -> np.ndarray:
        rows = np.split(order(t // batches), batches)[t % batches]
        return loss_and_gradient(architecture, weights, data.train, rows)[1]

    return gradient


def is_weight(dtype: str) -> list[bool]:
    """For each tensor, whether it is a weight and not a bias."""
    return [bool(kind == WEIGHT) for kind in problem(dtype)[1].layout[:, KIND]]


def split(weights: np.ndarray, dtype: str) -> list[np.ndarray]:
    """The tensors of a flat vector."""
    return tensors_in(weights, problem(dtype)[1].layout)


def flat(tensors) -> np.ndarray:
    return np.concatenate([np.asarray(tensor).ravel() for tensor in tensors])


def naive_path(rule: Callable, path: Path, **hyperparameters) -> np.ndarray:
    """The path of an update rule of `naive`, in the same floating-point type, with the start and learning rates of `path`."""
    w, memory = path.weights[0], {}
    dtype = w.dtype.name
    gradient = gradients(dtype)
    weights = [w]
    for t, rate in enumerate(path.rates.tolist()):
        w = rule(w, gradient(w, t), memory, rate, t + 1, **hyperparameters)
        assert w.dtype == dtype
        weights.append(w)
    return np.array(weights)


def optax_path(transformation: Callable, path: Path, evaluated: Callable | None = None) -> np.ndarray:
    """The path of an optax rule, with the start and learning rates of `path`.

    `transformation(rate)` makes the rule from an optax schedule, a function of the number of updates. `evaluated(state,
    tensors)` returns the weights at which to evaluate, for rules that do not evaluate at `tensors`.
    """
    import jax
    import jax.numpy as jnp
    import optax

    dtype = path.weights.dtype.name
    gradient, cut = gradients(dtype), partial(split, dtype=dtype)
    rates = jnp.asarray(path.rates, dtype)
    rule = transformation(lambda count: rates[count])
    tensors = [jnp.asarray(tensor) for tensor in cut(path.weights[0])]
    state = rule.init(tensors)

    @jax.jit
    def step(tensors, state, g):
        changes, state = rule.update(g, state, tensors)
        return optax.apply_updates(tensors, changes), state

    weights = [path.weights[0]]
    for t in range(UPDATES):
        tensors, state = step(tensors, state, cut(gradient(flat(tensors), t)))
        weights.append(flat(evaluated(state, tensors) if evaluated else tensors))
    assert weights[-1].dtype == dtype
    return np.array(weights)


def largest_difference(path: np.ndarray, other: np.ndarray) -> float:
    """max over updates of ‖a − b‖/‖b‖."""
    difference = np.linalg.norm(np.subtract(path, other, dtype=np.float64), axis=1)
    return float(np.max(difference / np.linalg.norm(other.astype(np.float64), axis=1)))
