"""A small convolutional network on Fashion-MNIST: SGD steps of this project and of its peers, as findings."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import cache

import numpy as np

from . import rounds
from .child import Child
from .finding import Finding
from .peers import Entry
from .work import Array, load

OURS = Entry("convolution_sweepgd", "sweepgd", "sweepgd", "uv sync")
PEERS = (
    Entry("convolution_jax", "JAX scan", "jax", "uv sync --group bench"),
    Entry("convolution_torch", "PyTorch eager, channels last", "torch", "uv pip install torch==2.13.0"),
)
# Keras' "simple MNIST convnet" without its dropout.
LAYERS = ("conv 32 3x3", "relu", "pool 2x2", "conv 64 3x3", "relu", "pool 2x2")
SHAPES = ((3, 3, 1, 32), (32,), (3, 3, 32, 64), (64,), (5 * 5 * 64, 10), (10,))
ROWS, ORDERS = 1024, 4
SMALL = 32  # the largest batch of the stricter target for PyTorch


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


CASES = (Convolution(8), Convolution(32), Convolution(128))


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


def measure(cases: tuple[Convolution, ...], count: int) -> Iterator[Finding]:
    """Measures the cases, `count` rounds each, yielding a finding a case and peer."""
    with ExitStack() as stack:
        entries = (OURS, *(entry for entry in PEERS if not entry.missing))
        children = {entry: stack.enter_context(closing(Child(entry.module))) for entry in entries}
        for case in cases:
            print(f"measuring {case} …", file=sys.stderr)
            timings = rounds.measure(case, children, count)
            own = timings[OURS.module]
            took = f"{own.step.median / case.batch:.0f} µs an image" if own.step else own.problem
            yield Finding(f"{case}: a step", own.step.median if own.step else None, "µs", note=took)
            for entry in PEERS:
                timing = timings.get(entry.module, rounds.Timing(problem="not installed"))
                least = 0.8 if entry.package == "torch" and case.batch > SMALL else 1.0
                ratio = timing.ratio(own)
                note = f"{ratio.low:.2f} to {ratio.high:.2f}" if ratio else timing.problem
                what = f"{case}: {entry.label} against sweepgd"
                yield Finding(what, ratio.median if ratio else None, "×", at_least=least, note=note)
