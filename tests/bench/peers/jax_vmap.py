"""JAX: the jitted scan of `jax_scan` under vmap over many learning rates, which share one order of the rows."""

from collections.abc import Callable
from itertools import cycle
from typing import Any

import jax
import jax.numpy as jnp

from ..work import Array
from . import VMAP_TRIALS, jax_scan


class Peer(jax_scan.Peer):
    def _rates(self) -> jax.Array:
        return self._case.rate * jnp.logspace(0, -1, VMAP_TRIALS, dtype=jnp.float32)

    def _function(self) -> Callable[..., Any]:
        return jax.vmap(jax_scan.epoch_of(self._case), in_axes=(0, 0, None, 0))

    def reset(self) -> None:
        self._state = jax.tree.map(lambda array: jnp.stack([array] * VMAP_TRIALS), jax_scan.initial(self._case))
        self._in_turn = cycle(self._batches)

    def parameters(self) -> Array:
        return jax_scan.flat(jax.tree.map(lambda array: array[0], self._state[0]))
