"""JAX: the same Lanczos with products by the gradient linearized once, which keeps what does not depend on the direction."""

from collections.abc import Callable

import jax

from . import lambda_jax


class Peer(lambda_jax.Peer):
    def product_of(self, gradient: Callable, theta: jax.Array) -> Callable:
        return jax.linearize(gradient, theta)[1]
