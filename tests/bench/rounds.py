"""Side by side and alternating: one sample of each peer a round, then medians, and ratios round by round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from .child import Child, ChildFailed, Took
from .convolution_work import Convolution
from .minimum import Minimum
from .peers import Entry
from .work import Case

SAMPLE_SECONDS = 0.02
SETTLING, AFTER = 5_000, 10_000  # updates: Adam at rate 0.001 fits the digits in a few thousand


@dataclass(frozen=True)
class Spread:
    """The median of some figures, and their quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        low, median, high = np.percentile(figures, (25, 50, 75))
        return cls(float(median), float(low), float(high))


@dataclass(frozen=True)
class Timing:
    """The times of one peer for one case: seconds to prepare and µs per step and trial in each round, or a problem."""

    prepare: float = float("nan")
    samples: tuple[float, ...] = ()
    core_share: float = float("nan")
    """The share of the samples' time for which no other process had the core."""
    problem: str = ""

    @property
    def step(self) -> Spread | None:
        return Spread.of(self.samples) if self.samples else None

    def ratio(self, ours: "Timing") -> Spread | None:
        """Return the ratio to the times of `ours`, paired by round, so that a slow moment affects both."""
        if not self.samples or not ours.samples:
            return None
        return Spread.of([theirs / own for theirs, own in zip(self.samples, ours.samples, strict=True)])


def measure(case: Case | Minimum | Convolution, children: Mapping[Entry, Child], rounds: int) -> dict[str, Timing]:
    """Timings by module of each peer that can do the case."""
    prepared, counts, problems = {}, {}, {}
    able = {entry: child for entry, child in children.items() if entry.supports(case)}
    for entry, child in able.items():
        try:
            prepared[entry] = child.prepare(case)
            counts[entry] = _epochs_a_sample(child)
        except ChildFailed as failure:
            problems[entry.module] = Timing(problem=str(failure))
    samples: dict[Entry, list[Took]] = {entry: [] for entry in counts}
    for _ in range(rounds):
        for entry, count in counts.items():
            children[entry].reset()
            samples[entry].append(children[entry].epochs(count))
    return problems | {entry.module: _timing(case, entry, prepared[entry], counts[entry], samples[entry]) for entry in samples}


def _timing(case: Case | Minimum | Convolution, entry: Entry, prepared: float, count: int, samples: Sequence[Took]) -> Timing:
    steps = count * case.updates * entry.trials
    core_share = sum(took.core for took in samples) / sum(took.wall for took in samples)
    return Timing(prepared, tuple(1e6 * took.core / steps for took in samples), core_share)


def _epochs_a_sample(child: Child) -> int:
    """Epochs that last at least SAMPLE_SECONDS; finding that out also warms up."""
    count = 1
    while True:
        child.reset()
        seconds = child.epochs(count).wall
        if seconds >= SAMPLE_SECONDS:
            return count
        count = max(count + 1, ceil(min(100.0, 1.1 * SAMPLE_SECONDS / max(seconds, 1e-9)) * count))


def settled(case: Case, ours: Child, rounds: int) -> Spread:
    """Return the time of a step after SETTLING updates and AFTER more, relative to that at the start of training."""
    ours.prepare(case)
    count = _epochs_a_sample(ours)
    ratios = []
    for _ in range(rounds):
        ours.reset()
        at_start = ours.epochs(count).wall
        ours.epochs(ceil((SETTLING + AFTER) / case.updates))
        ratios.append(ours.epochs(count).wall / at_start)
    return Spread.of(ratios)
