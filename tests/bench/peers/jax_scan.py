"""JAX: jit of a scan over the epoch's batches, its state donated, nothing but the loss of each step kept."""

from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..work import BETA, BETA1, BETA2, EPSILON, Array, Case, Work, batches, layers, load, start


def loss_of(work: Work) -> Callable[..., jax.Array]:
    """loss(parameters, inputs, targets): the mean over a batch."""

    def loss(parameters, inputs, targets):
        *hidden, (weights, bias) = parameters
        for hidden_weights, hidden_bias in hidden:
            inputs = jax.nn.relu(inputs @ hidden_weights + hidden_bias)
        z = inputs @ weights + bias
        if work.classes == 0:
            return 0.5 * jnp.mean(jnp.sum((z - targets) ** 2, axis=1))
        chosen = jnp.take_along_axis(z, targets[:, None], axis=1)[:, 0]
        return jnp.mean(jax.nn.logsumexp(z, axis=1) - chosen)

    return loss


def update(optimizer: str, parameters: Any, state: Any, gradient: Any, rate: Any) -> tuple[Any, Any]:
    """One step of a rule on trees of arrays; `state` is (t, trees of slots)."""
    t, slots = state[0] + 1, state[1]
    if optimizer == "sgd":
        return jax.tree.map(lambda p, g: p - rate * g, parameters, gradient), (t, slots)
    if optimizer == "momentum":
        v = jax.tree.map(lambda v, g: BETA * v + g, slots[0], gradient)
        return jax.tree.map(lambda p, v: p - rate * v, parameters, v), (t, (v,))
    m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, slots[0], gradient)
    v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, slots[1], gradient)
    eta, correction = rate / (1 - BETA1**t), 1 / (1 - BETA2**t)
    moved = jax.tree.map(lambda p, m, v: p - eta * m / (jnp.sqrt(v * correction) + EPSILON), parameters, m, v)
    return moved, (t, (m, v))


def epoch_of(case: Case) -> Callable[..., Any]:
    """epoch(parameters, state, batches, rate) → (parameters, state), losses."""
    work = load(case.work)
    gradient = jax.value_and_grad(loss_of(work))
    inputs, targets = jnp.asarray(work.inputs), jnp.asarray(work.targets)

    def epoch(parameters, state, epoch_batches, rate):
        def step(carry, rows):
            loss, slope = gradient(carry[0], inputs[rows], targets[rows])
            return update(case.optimizer, carry[0], carry[1], slope, rate), loss

        return jax.lax.scan(step, (parameters, state), epoch_batches)

    return epoch


def initial(case: Case) -> tuple[Any, Any]:
    """Parameters and the optimizer's state at the start."""
    work = load(case.work)
    parameters = [(jnp.array(weights), jnp.array(bias)) for weights, bias in layers(start(work), work.widths)]
    slots = {"sgd": 0, "momentum": 1, "adam": 2}[case.optimizer]
    zeros = tuple(jax.tree.map(jnp.zeros_like, parameters) for _ in range(slots))
    return parameters, (jnp.float32(0), zeros)


def flat(parameters: Any) -> Array:
    return np.concatenate([np.asarray(tensor).ravel() for tensor in jax.tree.leaves(parameters)])


class Peer:
    def __init__(self, case: Case) -> None:
        self._case = case
        self._batches = [jnp.asarray(rows, dtype=jnp.int32) for rows in batches(case)]
        self._rate = self._rates()
        self.reset()
        self._epoch = (
            jax.jit(self._function(), donate_argnums=(0, 1)).lower(*self._state, self._batches[0], self._rate).compile()
        )

    def _rates(self) -> jax.Array:
        return jnp.float32(self._case.rate)

    def _function(self) -> Callable[..., Any]:
        return epoch_of(self._case)

    def reset(self) -> None:
        self._state = initial(self._case)
        self._in_turn = cycle(self._batches)

    def epochs(self, count: int) -> None:
        for epoch_batches in islice(self._in_turn, count):
            self._state, _ = self._epoch(*self._state, epoch_batches, self._rate)
        jax.block_until_ready(self._state)

    def parameters(self) -> Array:
        return flat(self._state[0])
