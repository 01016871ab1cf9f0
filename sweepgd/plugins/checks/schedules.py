"""Checks that the factors of a schedule are valid for runs of any length, and that several calls give the same factors as one
call.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from sweepgd.plugins.checks.finding import Flaw
from sweepgd.plugins.checks.step_harness import Array
from sweepgd.schedules import Clock, Schedule

# Pairs of updates of a run and updates per epoch. The pairs include an epoch of one update, a run shorter than an epoch, and a
# long run.
RUNS = ((1, 1), (7, 10), (60, 1), (240, 12), (100_000, 1000))
CUT = 12
TOLERANCE = 1e-12


def _clock(updates: int, epoch: int, schedule: Schedule) -> Clock:
    number = np.arange(updates, dtype=np.int64)
    return Clock(number, number // epoch + number % epoch / epoch, updates if schedule.needs_length else None)


def _part(clock: Clock, first: int, last: int) -> Clock:
    return Clock(clock.updates[first:last], clock.epochs[first:last], clock.total_updates)


def _defaults(schedule: Schedule) -> dict[str, Any]:
    return {setting.name: setting.default for setting in schedule.settings}


def _chosen(schedule: Schedule) -> Iterator[dict[str, Any]]:
    """Yield the default settings, and each setting at both ends of its range and at each choice."""
    yield {}
    for setting in schedule.settings:
        for end in (setting.low, setting.high, *setting.choices):
            if end is not None:
                yield {setting.name: setting.check(end, "declared")}


def _factors(schedule: Schedule, clock: Clock, settings: Mapping[str, Any], when: str) -> Array:
    """Return the factors for a clock. Raises Flaw unless there is one factor per update, float64, finite and at least 0."""
    before = (clock.updates.tobytes(), clock.epochs.tobytes())
    factors = schedule.factor(clock, **(_defaults(schedule) | dict(settings)))
    if before != (clock.updates.tobytes(), clock.epochs.tobytes()):
        raise Flaw(f"changes its argument `clock` {when}")
    if not isinstance(factors, np.ndarray) or factors.shape != clock.updates.shape or factors.dtype != np.float64:
        given = f"{factors.dtype} {factors.shape}" if isinstance(factors, np.ndarray) else type(factors).__name__
        raise Flaw(f"gives {given} for {len(clock.updates)} updates {when}: give float64, ({len(clock.updates)},)")
    wrong = ~np.isfinite(factors) | (factors < 0)
    if wrong.any():
        raise Flaw(f"gives a factor of {factors[wrong][0]:g} before update {int(np.argmax(wrong)) + 1} {when}")
    return factors


def finite(schedule: Schedule) -> str:
    """Check that factors are finite and at least 0, with each setting at its default and at both ends of its range."""
    tried = list(_chosen(schedule))
    for updates, epoch in RUNS:
        for settings in tried:
            at = "".join(f", {name} = {value}" for name, value in settings.items())
            _factors(schedule, _clock(updates, epoch, schedule), settings, f"(a run of {updates} updates{at})")
    lengths = ", ".join(str(updates) for updates, _ in RUNS)
    return f"finite factors in runs of {lengths} updates, with each setting at both ends of its range ({len(tried) - 1})"


def deterministic(schedule: Schedule) -> str:
    """Check that two calls with equal clocks give bit-identical factors. A schedule must not draw random numbers or remember
    its calls.
    """
    for updates, epoch in RUNS:
        clock = _clock(updates, epoch, schedule)
        first, second = (_factors(schedule, clock, {}, "") for _ in range(2))
        if first.tobytes() != second.tobytes():
            raise Flaw(f"two calls with the same clock give different factors (a run of {updates} updates)")
    return "equal clocks give equal bits"


def pieces(schedule: Schedule) -> str:
    """Check that several calls for consecutive updates give the same factors as one call. A run computes factors epoch by
    epoch.
    """
    for updates, epoch in RUNS[1:]:
        clock = _clock(updates, epoch, schedule)
        whole = _factors(schedule, clock, {}, "")
        ends = np.linspace(0, updates, min(CUT, updates) + 1).astype(int)
        cuts = [_factors(schedule, _part(clock, *ends[i : i + 2]), {}, "") for i in range(len(ends) - 1)]
        apart = np.abs(np.concatenate(cuts) - whole)
        if not apart.max() <= TOLERANCE * (1 + whole.max()):
            where = int(np.argmax(apart))
            raise Flaw(
                f"in a run of {updates} updates, the factor of update {where + 1} is {np.concatenate(cuts)[where]:g} if"
                f" computed in pieces and {whole[where]:g} if computed in one call: use only the values in `clock`"
            )
    return "several calls give the same factors as one call"


def course(schedule: Schedule) -> str:
    """Report the course of the learning rate. Only factors that are all 0 are a fault."""
    updates, epoch = RUNS[3]
    factors = _factors(schedule, _clock(updates, epoch, schedule), {}, "")
    if not factors.any():
        raise Flaw(f"every factor of a run of {updates} updates is 0: nothing would be learned")
    extent = f"from {factors[0]:.3g} to {factors[-1]:.3g}, between {factors.min():.3g} and {factors.max():.3g}"
    return f"{extent}, in {updates} updates with {epoch} per epoch"


CHECKS: Mapping[str, Callable[[Schedule], str]] = {
    "finite": finite,
    "deterministic": deterministic,
    "pieces": pieces,
    "course": course,
}
