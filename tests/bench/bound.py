"""The least time that a step can take on this core, from its multiply-adds and the bytes that it must move.

A step's bound is max(operations / peak, bytes / bandwidth) where

    operations = 2·B·(2·Σ_l in_l·out_l + Σ_{l>0} in_l·out_l)
        a multiply and an add for each weight and row: forward, gradient of the weights, gradient of the inputs (but for
        those of the first layer);
    bytes = 4·(P·(3 + 2·slots) + B·(d + 1))
        P parameters are read going forward, read again going backward and written; each of the optimizer's slots is read and
        written; B rows of d inputs and a target are read. A gradient that is used as soon as it is made need not move.
    peak = what np.dot reaches on large float32 matrices with one thread;
    bandwidth = what a ← c·a + d reaches, in bytes read and written, on an array that fills half of the level that holds
        parameters and slots.

Python, dispatch, and the latency of dependent operations are not in it, so that the smallest work stays far from it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import inf
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter

from .child import pinned
from .work import Case, load

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
USUAL_CACHES = {"L1": 32 << 10, "L2": 1 << 20, "L3": 32 << 20}
SLOTS = {"sgd": 0, "momentum": 1, "adam": 2}
SIDE = 512  # of the matrices: a product takes some milliseconds, which another process seldom cuts short
STREAMED = 8 << 20  # bytes a try, for the same reason
TRYING = 0.5  # seconds


@dataclass(frozen=True)
class Core:
    """Measured limits of this core: `peak` in operations/s, and bytes and bytes/s of each cache level, smallest first."""

    peak: float
    sizes: dict[str, int]
    bandwidths: dict[str, float]


@dataclass(frozen=True)
class Bound:
    """The least µs for a step, and what sets it: "compute", or the level whose bandwidth does."""

    micros: float
    by: str


def bound(case: Case, core: Core) -> Bound:
    work = load(case.work)
    products = [fan_in * fan_out for fan_in, fan_out in pairwise(work.widths)]
    operations = 2 * case.batch * (2 * sum(products) + sum(products[1:]))
    slots = SLOTS[case.optimizer]
    moved = 4 * (work.parameters * (3 + 2 * slots) + case.batch * (work.widths[0] + 1))
    held = 4 * work.parameters * (1 + slots)
    level = next((name for name, size in core.sizes.items() if held <= size), "DRAM")
    computing, moving = operations / core.peak, moved / core.bandwidths[level]
    return Bound(1e6 * max(computing, moving), "compute" if computing >= moving else level)


def measure_core() -> Core:
    """Measures in a pinned process of its own, the best of several tries: a bound is what nothing disturbed."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_measure, args=(theirs,))
    with pinned():
        process.start()
    core = ours.recv()
    process.join()
    return core


def _measure(connection: Connection) -> None:
    import numpy as np
    from numba import njit

    @njit(fastmath=True)
    def stream(array, repeats):
        for _ in range(repeats):
            for i in range(array.size):
                array[i] = np.float32(0.5) * array[i] + np.float32(1.0)

    a, b, out = (np.ones((SIDE, SIDE), np.float32) for _ in range(3))
    peak = 2 * SIDE**3 / _best(lambda: np.dot(a, b, out))
    sizes = cache_sizes()
    bandwidths = {}
    filled = {level: size // 2 for level, size in sizes.items()} | {"DRAM": 4 * max(sizes.values())}
    for name, size in filled.items():
        array = np.ones(size // 4, np.float32)
        repeats = max(1, STREAMED // size)
        stream(array, 1)
        bandwidths[name] = 2 * size * repeats / _best(partial(stream, array, repeats))
    connection.send(Core(peak, sizes, bandwidths))


def _best(call: Callable[[], object]) -> float:
    """The shortest of as many calls as fit into TRYING, in seconds."""
    best, end = inf, perf_counter() + TRYING
    while (start := perf_counter()) < end:
        call()
        best = min(best, perf_counter() - start)
    return best


def cache_sizes() -> dict[str, int]:
    """Bytes of each level of data cache, from Linux where it tells."""
    sizes = {}
    for index in sorted(CACHES.glob("index*")):
        if (index / "type").read_text().strip() != "Instruction":
            sizes[f"L{(index / 'level').read_text().strip()}"] = int((index / "size").read_text().strip()[:-1]) << 10
    return sizes or USUAL_CACHES
