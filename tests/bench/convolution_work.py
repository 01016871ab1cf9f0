"""The work of the convolutional network: its layers, images, start and row orders, the same for everybody."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from .work import Array, load

# Keras' "simple MNIST convnet" without its dropout.
LAYERS = ("conv 32 3x3", "relu", "pool 2x2", "conv 64 3x3", "relu", "pool 2x2")
SHAPES = ((3, 3, 1, 32), (32,), (3, 3, 32, 64), (64,), (5 * 5 * 64, 10), (10,))
ROWS, ORDERS = 1024, 4


@dataclass(frozen=True)
class Convolution:
    """Steps of SGD on batches of this size."""

    batch: int
    rate: float = 1e-2

    @property
    def updates(self) -> int:
        """Updates in an epoch."""
        return ROWS // self.batch

    def __str__(self) -> str:
        return f"simple_cnn sgd B={self.batch}"


@cache
def data() -> tuple[Array, np.ndarray]:
    """The first images, (ROWS, 784), and their labels."""
    work = load("fashion")
    return work.inputs[:ROWS], work.targets[:ROWS]


def start() -> list[Array]:
    """The tensors that everybody starts from, weights and bias of each layer; images are height, width, channels."""
    rng = np.random.default_rng(1)
    return [
        (rng.normal(0.0, np.sqrt(2.0 / np.prod(shape[:-1])), shape) if len(shape) > 1 else np.zeros(shape)).astype(np.float32)
        for shape in SHAPES
    ]


def batches(case: Convolution) -> np.ndarray:
    """The rows of each batch of each order, (ORDERS, updates, batch)."""
    rng = np.random.default_rng(2)
    drawn = np.array([rng.permutation(ROWS) for _ in range(ORDERS)])
    return drawn[:, : case.updates * case.batch].reshape(ORDERS, case.updates, case.batch)
