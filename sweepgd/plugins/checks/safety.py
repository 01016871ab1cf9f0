"""Checks that the steps of a rule stay within their arrays, give finite numbers, and are reproducible."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from sweepgd.optimizers import Optimizer
from sweepgd.plugins.checks.declaration import lengths_of
from sweepgd.plugins.checks.finding import Flaw
from sweepgd.plugins.checks.step_harness import DTYPES, LAYOUT, PARAMETERS, Array, StepHarness, ordinary

UPDATES = 20
# The positions at which an update is divided into ranges. No range is a multiple of a vector length, and one range has length
# 1.
CUTS = (0, 1, 24, 61, PARAMETERS)
# The length of the gap between slots, in numbers. The gap fills whole cache lines, so that each slot stays aligned.
SPARE = 64
RANGES_TOLERANCE = {"float32": 1e-4, "float64": 1e-11}


def finite(optimizer: Optimizer) -> str:
    """Check that ordinary gradients give finite numbers, with each setting at its default and at both ends of its range."""
    scales = 10.0 ** np.random.default_rng(1).uniform(-3, 3, UPDATES)
    tried = list(_ends(optimizer))
    for dtype in DTYPES:
        for settings in ({}, *tried):
            stage = StepHarness(optimizer, dtype, settings=settings)
            at = "".join(f", {name} = {value:g}" for name, value in settings.items())
            for gradient, scale in zip(ordinary(UPDATES), scales, strict=True):
                stage.step(scale * gradient)
                _check_finite(stage, f"in update {stage.t} of ordinary gradients ({dtype}{at})")
    numbers = f"{UPDATES} updates with gradients of size 0.001 to 1000 give finite numbers"
    return f"{numbers}, with the rate and each hyperparameter at both ends of its range ({len(tried)})"


def _ends(optimizer: Optimizer) -> Iterator[dict[str, float]]:
    for setting in (optimizer.learning_rate, *optimizer.hyperparameters):
        for end in (setting.low, setting.high):
            if end is not None:
                yield {setting.name: end}


def _check_finite(stage: StepHarness, when: str) -> None:
    weights = stage.judged()
    for name, array in (stage.written() | {"the evaluation weights": weights}).items():
        wrong = ~np.isfinite(array)
        if wrong.any():
            raise Flaw(f"writes {array[wrong][0]} to {name} {when}")


def zero(optimizer: Optimizer) -> str:
    """Check that zero gradients, weights and rates give finite numbers. A rule may divide by a norm or a rate."""
    still, moving = np.zeros((3, PARAMETERS)), ordinary(3)
    cases: dict[str, tuple[float, Array, dict[str, float]]] = {
        "gradients of 0 from the start": (1.0, still, {}),
        "gradients of 0 after other gradients": (1.0, np.concatenate([moving, still, moving]), {}),
        "weights and gradients of 0": (0.0, still, {}),
        "weights of 0": (0.0, moving, {}),
        "a rate of 0": (1.0, moving, {"learning_rate": 0.0}),
    }
    for dtype in DTYPES:
        for case, (scale, gradients, settings) in cases.items():
            stage = StepHarness(optimizer, dtype, settings=settings)
            stage.theta[:] *= scale
            for gradient in gradients:
                stage.step(gradient)
                _check_finite(stage, f"in update {stage.t} of {case} ({dtype})")
    return "finite numbers for " + ", ".join(cases)


def deterministic(optimizer: Optimizer) -> str:
    """Check that equal inputs give bit-identical results. A rule must not draw random numbers or read memory that it did not
    write.
    """
    for dtype in DTYPES:
        first, second = StepHarness(optimizer, dtype), StepHarness(optimizer, dtype)
        for gradient in ordinary(UPDATES):
            first.step(gradient)
            second.step(gradient)
            first.judged(), second.judged()
            for name, array in first.written().items():
                if array.tobytes() != second.written()[name].tobytes():
                    raise Flaw(f"equal inputs give different values of {name} in update {first.t} ({dtype})")
    return f"equal inputs give equal bits in {UPDATES} updates"


def bounds(optimizer: Optimizer) -> str:
    """Check that a rule writes only to its arrays.

    Compiled code does not check indices. A read or write beyond the end of a slot reaches the next slot. To detect this, a
    second harness has more space between the slots. A rule that leaves its slot then gives different results in the two
    harnesses.
    """
    lengths = list(lengths_of(optimizer, LAYOUT).items())
    for dtype in DTYPES:
        stage, spaced = StepHarness(optimizer, dtype), StepHarness(optimizer, dtype, spare=SPARE)
        for gradient in ordinary(UPDATES):
            for either in (stage, spaced):
                either.step(gradient)
                either.judged()
            damage = stage.arrays.damage()
            if damage:
                raise Flaw(f"writes {damage} in update {stage.t} ({dtype})")
            if (stage.given != stage.gradient).any():
                raise Flaw(f"changes the gradient in update {stage.t} ({dtype})")
            for row, (name, length) in zip(stage.slots, lengths, strict=True):
                if row[length:].any():
                    raise Flaw(f"writes beyond the {length} numbers of slot {name} in update {stage.t} ({dtype})")
            longest = stage.slots.shape[1]
            if stage.theta.tobytes() + stage.slots.tobytes() != spaced.theta.tobytes() + spaced.slots[:, :longest].tobytes():
                raise Flaw(f"reads or writes beyond the end of a slot in update {stage.t} ({dtype})")
    return "nothing is written besides `theta`, `slots` and `point`"


def ranges(optimizer: Optimizer) -> str:
    """Check that an elementwise rule gives the same update when it is called for several ranges of parameters."""
    for dtype in DTYPES:
        whole, cut = StepHarness(optimizer, dtype), StepHarness(optimizer, dtype)
        for gradient in ordinary(UPDATES):
            whole.step(gradient)
            for lo, hi in pairwise(CUTS):
                before = {"theta": cut.theta.copy(), "slots": cut.slots.copy()}
                cut.step(gradient, lo, hi, first=lo == 0)
                for name, array in before.items():
                    changed = array != cut.written()[name]
                    changed[..., lo:hi] = False
                    if changed.any():
                        index = int(np.nonzero(changed)[-1][0])
                        raise Flaw(
                            f"for [{lo}, {hi}), it changes {name} at {index} ({dtype}): stay within [lo, hi),"
                            " or set elementwise=False"
                        )
            apart = np.max(np.abs(whole.theta - cut.theta) / (1 + np.abs(whole.theta)))
            if not apart <= RANGES_TOLERANCE[dtype]:
                raise Flaw(
                    f"update {whole.t} differs by {apart:.1g} between one call and several calls ({dtype}): set"
                    " elementwise=False"
                )
    return f"{len(CUTS) - 1} calls for ranges make the same update as one call, and each call stays within its range"


def probe(optimizer: Optimizer) -> str:
    """Check that the probe writes all of `point`, where the second gradient is taken."""
    for dtype in DTYPES:
        stage = StepHarness(optimizer, dtype)
        stage.step(ordinary(1)[0])
        _written_whole(stage, stage.probe, f"probe ({dtype})")
    away = np.linalg.norm(stage.point - stage.theta)
    return f"writes all of `point`, at distance {away:.3g} from `theta`"


def evaluation(optimizer: Optimizer) -> str:
    """Check that `evaluation` writes all of `point`, even before the first update, and changes nothing else."""
    for dtype in DTYPES:
        stage = StepHarness(optimizer, dtype)
        for gradient in ordinary(UPDATES):
            before = stage.slots.copy()
            _written_whole(stage, stage.judged, f"evaluation after {stage.t} updates ({dtype})")
            if (before != stage.slots).any():
                raise Flaw(f"evaluation changes the slots after {stage.t} updates ({dtype})")
            stage.step(gradient)
    away = np.linalg.norm(stage.judged() - stage.theta)
    return (
        f"writes all of `point` and nothing else, even before the first update; at the end, `point` is at distance {away:.3g}"
        " from `theta`"
    )


def _written_whole(stage: StepHarness, write: Callable[[], object], what: str) -> None:
    stage.point[:] = np.nan
    write()
    left = int(np.count_nonzero(~np.isfinite(stage.point)))
    if left:
        raise Flaw(f"{what} leaves {left} of the {PARAMETERS} numbers of `point` unwritten, or not finite")
