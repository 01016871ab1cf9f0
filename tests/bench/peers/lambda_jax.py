"""JAX: one jit of Lanczos with products by jvp of the gradient, of as many steps as this start needs, found beforehand."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from ..minimum import RESIDUAL, Minimum
from ..work import layers, load
from .jax_scan import loss_of

MOST_STEPS = 100


class Peer:
    def __init__(self, case: Minimum) -> None:
        work, loss = load(case.work), loss_of(load(case.work))
        parameters = [(jnp.array(weights), jnp.array(bias)) for weights, bias in layers(case.parameters, work.widths)]
        self._theta, structured = ravel_pytree(parameters)
        # JAX has no order of tensors but its own, in which each layer's weights come before its bias, as in `work.start`.
        rows = case.chosen()
        inputs, targets = jnp.asarray(work.inputs[rows]), jnp.asarray(work.targets[rows])
        gradient = jax.grad(lambda theta, inputs, targets: loss(structured(theta), inputs, targets))
        self._start = jax.random.normal(jax.random.key(0), self._theta.shape)
        for steps in range(4, MOST_STEPS):
            compiled = jax.jit(self._lanczos(gradient, steps)).lower(self._theta, self._start, inputs, targets).compile()
            value, residual = compiled(self._theta, self._start, inputs, targets)
            if residual <= RESIDUAL * value:
                break
        self.steps = steps
        self._call = lambda: compiled(self._theta, self._start, inputs, targets)
        self.value = float("nan")

    def product_of(self, gradient: Callable, theta: jax.Array) -> Callable:
        return lambda direction: jax.jvp(gradient, (theta,), (direction,))[1]

    def _lanczos(self, gradient: Callable, steps: int) -> Callable:
        def largest(theta, start, inputs, targets):
            product = self.product_of(lambda at: gradient(at, inputs, targets), theta)

            def step(j, carry):
                basis, diagonal, beside, v = carry
                basis = basis.at[j].set(v)
                w = product(v)
                diagonal = diagonal.at[j].set(v @ w)
                for _ in range(2):  # against every vector before, twice, or rounding brings them back
                    w = w - (basis @ w) @ basis
                norm = jnp.linalg.norm(w)
                return basis, diagonal, beside.at[j].set(norm), w / norm

            zeros = jnp.zeros(steps), jnp.zeros(steps)
            begun = jnp.zeros((steps, theta.size)), *zeros, start / jnp.linalg.norm(start)
            _, diagonal, beside, _ = jax.lax.fori_loop(0, steps, step, begun)
            values, vectors = jnp.linalg.eigh(jnp.diag(diagonal) + jnp.diag(beside[:-1], 1) + jnp.diag(beside[:-1], -1))
            return values[-1], jnp.abs(beside[-1] * vectors[-1, -1])

        return largest

    def reset(self) -> None:
        pass

    def epochs(self, count: int) -> None:
        for _ in range(count):
            self.value = float(self._call()[0])
