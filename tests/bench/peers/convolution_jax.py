"""JAX: jit of a scan over the epoch's batches of the convolutional network, its parameters donated."""

from itertools import cycle, islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..convolution_work import Convolution, batches, data, start
from ..work import Array

NHWC = ("NHWC", "HWIO", "NHWC")


def outputs(tensors: Any, images: Any) -> Any:
    """The logits of images, (n, height, width, channels)."""
    h = images
    for weights, bias in (tensors[:2], tensors[2:4]):
        h = jax.nn.relu(jax.lax.conv_general_dilated(h, weights, (1, 1), "VALID", dimension_numbers=NHWC) + bias)
        h = jax.lax.reduce_window(h, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return h.reshape(len(h), -1) @ tensors[4] + tensors[5]


def loss(tensors: Any, images: Any, labels: Any) -> Any:
    z = outputs(tensors, images)
    return jnp.mean(jax.nn.logsumexp(z, axis=1) - jnp.take_along_axis(z, labels[:, None], axis=1)[:, 0])


class Peer:
    def __init__(self, case: Convolution) -> None:
        images, labels = jnp.asarray(data()[0].reshape(-1, 28, 28, 1)), jnp.asarray(data()[1])
        self._batches = [jnp.asarray(rows, dtype=jnp.int32) for rows in batches(case)]
        slope = jax.grad(loss)

        def epoch(tensors: Any, rows_of_batches: Any) -> Any:
            def step(tensors: Any, rows: Any) -> Any:
                gradient = slope(tensors, images[rows], labels[rows])
                return jax.tree.map(lambda p, g: p - case.rate * g, tensors, gradient), None

            return jax.lax.scan(step, tensors, rows_of_batches)[0]

        self.reset()
        self._epoch = jax.jit(epoch, donate_argnums=0).lower(self._tensors, self._batches[0]).compile()

    def reset(self) -> None:
        self._tensors = list(map(jnp.asarray, start()))
        self._in_turn = cycle(self._batches)

    def epochs(self, count: int) -> None:
        for rows in islice(self._in_turn, count):
            self._tensors = self._epoch(self._tensors, rows)
        jax.block_until_ready(self._tensors)

    def parameters(self) -> Array:
        return np.concatenate([np.asarray(tensor).ravel() for tensor in self._tensors])
