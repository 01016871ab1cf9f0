"""The work that is measured: three problems, three optimizers, and the same start and row orders for everybody."""

import gzip
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")  # where Debian's package dataset-fashion-mnist puts it
FASHION_ROWS = 10_000
ORDERS = 8
OPTIMIZERS = ("sgd", "momentum", "adam")
BETA, BETA1, BETA2, EPSILON = 0.9, 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Work:
    """Rows and a fully connected network with ReLU between its layers, whose `widths` begin with the inputs'.

    `inputs` is (n, d); `targets` (n, 1) with loss ½(ŷ − y)² for a regression, else (n,) class numbers with softmax
    cross-entropy. Losses are means over a batch. `note` says what is unusual about the data.
    """

    name: str
    inputs: Array
    targets: npt.NDArray[np.float32] | npt.NDArray[np.int64]
    widths: tuple[int, ...]
    note: str = ""

    @property
    def classes(self) -> int:
        """The number of classes; 0 for a regression."""
        return 0 if self.targets.ndim == 2 else self.widths[-1]

    @property
    def parameters(self) -> int:
        return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(self.widths))


@dataclass(frozen=True)
class Case:
    """One row of the table: which work, in batches of how many rows, with which optimizer."""

    work: str
    batch: int
    optimizer: str

    @property
    def rate(self) -> float:
        """A learning rate at which this work converges, the same for everybody: what is not finite takes another time."""
        return {"sgd": 1e-2, "momentum": 1e-3, "adam": 1e-3}[self.optimizer]

    @property
    def updates(self) -> int:
        """Updates in an epoch. A short last batch is left out, because a scan takes equal ones only."""
        return len(load(self.work).inputs) // self.batch

    def __str__(self) -> str:
        return f"{self.work} {self.optimizer} B={self.batch}"


BATCHES = {"linear": (1, 10, 1000), "digits": (1, 8, 32, 128, 1024), "fashion": (8, 32, 128, 1024)}
CASES = tuple(Case(work, size, rule) for work, sizes in BATCHES.items() for rule in OPTIMIZERS for size in sizes)
QUICK_CASES = (Case("linear", 10, "sgd"), Case("digits", 32, "momentum"), Case("fashion", 128, "adam"))


@cache
def load(name: str) -> Work:
    """The work called "linear", "digits" or "fashion", the same in every process."""
    return {"linear": _linear, "digits": _digits, "fashion": _fashion}[name]()


def _linear() -> Work:
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((1000, 2))
    targets = inputs @ [[2.0], [-3.4]] + 4.2 + rng.normal(0.0, 0.01, (1000, 1))
    return Work("linear", inputs.astype(np.float32), targets.astype(np.float32), (2, 1))


def _digits() -> Work:
    from sklearn.datasets import load_digits

    inputs, labels = load_digits(return_X_y=True)
    return Work("digits", (inputs / 16).astype(np.float32), labels.astype(np.int64), (64, 64, 10))


def _fashion() -> Work:
    try:
        images, labels = _bytes("train-images-idx3-ubyte.gz", 16), _bytes("train-labels-idx1-ubyte.gz", 8)
        note = ""
    except FileNotFoundError:
        rng = np.random.default_rng(0)
        images = rng.integers(0, 256, 784 * FASHION_ROWS, dtype=np.uint8)
        labels = rng.integers(0, 10, FASHION_ROWS, dtype=np.uint8)
        note = "random data: dataset-fashion-mnist is not installed"
    inputs = images.reshape(-1, 784)[:FASHION_ROWS].astype(np.float32) / np.float32(255)
    return Work("fashion", inputs, labels[:FASHION_ROWS].astype(np.int64), (784, 512, 512, 10), note)


def _bytes(file: str, header: int) -> npt.NDArray[np.uint8]:
    with gzip.open(FASHION_MNIST / file) as content:
        return np.frombuffer(content.read(), np.uint8, offset=header)


def start(work: Work) -> Array:
    """The weights that everybody starts from, (parameters,): W0 of shape (fan_in, fan_out) row by row, b0, W1, …"""
    rng = np.random.default_rng(1)
    tensors = []
    for fan_in, fan_out in pairwise(work.widths):
        tensors += [rng.normal(0.0, np.sqrt(2.0 / fan_in), fan_in * fan_out), np.zeros(fan_out)]
    return np.concatenate(tensors).astype(np.float32)


def layers(theta: Array, widths: tuple[int, ...]) -> list[tuple[Array, Array]]:
    """Views of weights (fan_in, fan_out) and biases (fan_out,) of each layer."""
    views, at = [], 0
    for fan_in, fan_out in pairwise(widths):
        weights, at = theta[at : at + fan_in * fan_out].reshape(fan_in, fan_out), at + fan_in * fan_out
        bias, at = theta[at : at + fan_out], at + fan_out
        views.append((weights, bias))
    return views


@cache
def orders(rows: int) -> npt.NDArray[np.int64]:
    """Shuffled row numbers, (ORDERS, rows), drawn beforehand for everybody; epochs go through them in turn."""
    rng = np.random.default_rng(2)
    return np.array([rng.permutation(rows) for _ in range(ORDERS)])


def batches(case: Case) -> npt.NDArray[np.int64]:
    """The rows of each batch of each order, (ORDERS, updates, batch)."""
    drawn = orders(len(load(case.work).inputs))[:, : case.updates * case.batch]
    return drawn.reshape(ORDERS, case.updates, case.batch)
