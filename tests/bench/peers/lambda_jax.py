"""JAX: one jit of Lanczos with products by jvp of the gradient, which goes on until its own estimate of the residual is met."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from ..minimum import RESIDUAL, Minimum
from ..work import layers, load
from .jax_scan import loss_of

MOST_STEPS = 24


class Peer:
    def __init__(self, case: Minimum) -> None:
        work, loss = load(case.work), loss_of(load(case.work))
        parameters = [(jnp.array(weights), jnp.array(bias)) for weights, bias in layers(case.parameters, work.widths)]
        self._theta, structured = ravel_pytree(parameters)
        # JAX has no order of tensors but its own, in which each layer's weights come before its bias, as in `work.start`.
        rows = case.chosen()
        inputs, targets = jnp.asarray(work.inputs[rows]), jnp.asarray(work.targets[rows])
        gradient = jax.grad(lambda theta, inputs, targets: loss(structured(theta), inputs, targets))
        start = jax.random.normal(jax.random.key(0), self._theta.shape, self._theta.dtype)
        compiled = jax.jit(self._lanczos(gradient)).lower(self._theta, start, inputs, targets).compile()
        self._call = lambda: compiled(self._theta, start, inputs, targets)
        self.value, self.residual, self.products = float("nan"), float("nan"), 0

    def product_of(self, gradient: Callable, theta: jax.Array) -> Callable:
        return lambda direction: jax.jvp(gradient, (theta,), (direction,))[1]

    def _lanczos(self, gradient: Callable) -> Callable:
        def largest(theta, start, inputs, targets):
            product = self.product_of(lambda at: gradient(at, inputs, targets), theta)

            def step(carry):
                j, basis, matrix, v, *_ = carry
                basis = basis.at[j].set(v)
                w = product(v)
                diagonal = v @ w
                for _ in range(2):  # against every vector before, twice, or rounding brings them back
                    w = w - (basis @ w) @ basis
                beside = jnp.linalg.norm(w)
                matrix = matrix.at[j, j].set(diagonal)
                # Steps to come are eigenvalues below the largest: less than this row's diagonal, which the largest is not.
                to_come = jnp.where(jnp.arange(MOST_STEPS) > j, -jnp.abs(diagonal) - beside, 0.0)
                values, vectors = jnp.linalg.eigh(matrix + jnp.diag(to_come))
                residual = jnp.abs(beside * vectors[j, -1])
                matrix = matrix.at[j, j + 1].set(beside).at[j + 1, j].set(beside)
                return j + 1, basis, matrix, w / beside, values[-1], residual

            def unmet(carry):
                j, *_, value, residual = carry
                return (j < MOST_STEPS) & (residual > RESIDUAL * jnp.abs(value))

            # In theta's type, also where another library has made JAX's default double.
            zeros = (jnp.zeros((MOST_STEPS, columns), theta.dtype) for columns in (theta.size, MOST_STEPS))
            found = (jnp.array(number, theta.dtype) for number in (0.0, jnp.inf))
            begun = 0, *zeros, start / jnp.linalg.norm(start), *found
            j, *_, value, residual = jax.lax.while_loop(unmet, step, begun)
            return value, residual / jnp.abs(value), j

        return largest

    def reset(self) -> None:
        pass

    def epochs(self, count: int) -> None:
        for _ in range(count):
            value, residual, products = self._call()
            self.value, self.residual, self.products = float(value), float(residual), int(products)
