"""Samplers. Random, grid and quasi-random points depend only on (seed, number). Adaptive samplers come from Optuna."""

from collections.abc import Collection
from importlib.util import find_spec

import numpy as np
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, NSGAIISampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from sweepgd.core.errors import SweepgdError, UsageError, installing, nearest
from sweepgd.study.samplers.stateless import GridPoints, Points, QuasiRandomPoints, RandomPoints
from sweepgd.study.samplers.unrepeated import MOST_REPEATS, Drawn, Unrepeated, draw_at_random
from sweepgd.sweep.space import Space

__all__ = ["ADAPTIVE", "MOST_REPEATS", "NAMES", "Drawn", "GridPoints", "Points", "draw_at_random", "make", "seed_of"]

ADAPTIVE = frozenset({"tpe", "nsga2", "cmaes", "gp"})
NAMES = ("random", "grid", "quasi_random", *sorted(ADAPTIVE))


class NSGA2(NSGAIISampler):
    """NSGA-II with the parents in the order of their trials.

    Optuna orders parents by rank when they are selected, but by trial when they come from the study's cache. A rebuilt study
    has an empty cache, so that Optuna would draw other children from the parents.
    """

    def select_parent(self, study: Study, generation: int) -> list[FrozenTrial]:
        return sorted(super().select_parent(study, generation), key=lambda trial: trial.number)


def seed_of(seed: int, generation: int) -> int:
    """Return the seed of a generation of trials. The seed has 32 bits, as Optuna's legacy random generators require."""
    return int(np.random.SeedSequence([seed, generation]).generate_state(1)[0])


def make(
    name: str,
    space: Space,
    seed: int,
    objectives: int = 1,
    generation: int = 0,
    *,
    repeats: bool = False,
    without: Collection[int] = (),
) -> BaseSampler:
    """Return the sampler called `name`.

    Random, grid and quasi-random samplers draw each point at most once, unless `repeats` is True. These samplers never draw the
    points whose positions in the space's grid are in `without`. An adaptive sampler (in ADAPTIVE) is created for each
    generation of trials, seeded by (seed, generation). The proposals of this sampler depend only on these two numbers and on
    the results that the sampler has received. Raises UsageError for an unknown name and for a space or objectives that the
    sampler cannot search, and SweepgdError if a package is missing.
    """
    generation_seed = seed_of(seed, generation)
    match name:
        case "grid":
            return GridPoints(space, () if repeats else without)
        case "random" | "quasi_random":
            points = RandomPoints(seed) if name == "random" else QuasiRandomPoints(space, seed)
            return points if repeats or not space.countable else Unrepeated(points, space, seed, without)
        case "tpe":
            # With True, Optuna's default, a recorded search would continue with other points.
            return TPESampler(seed=generation_seed, constant_liar=False)
        case "nsga2":
            return NSGA2(seed=generation_seed)
        case "cmaes":
            _require_package("cmaes", "cmaes")
            _require_numeric(space, objectives)
            return CmaEsSampler(seed=generation_seed, warn_independent_sampling=False)
        case "gp":
            _require_package("torch", "gp")
            return GPSampler(seed=generation_seed, warn_independent_sampling=False)
    raise UsageError(f"unknown sampler {name!r}: {nearest(name, NAMES)}")


def _require_package(package: str, sampler: str) -> None:
    if find_spec(package) is None:
        raise SweepgdError(f"the {sampler} sampler needs the package {package}: {installing(sampler)}")


def _require_numeric(space: Space, objectives: int) -> None:
    if objectives > 1:
        raise UsageError("the cmaes sampler supports one objective: use nsga2 or tpe for several")
    for axis in space.axes:
        # Optuna would draw such an axis, and every axis that depends on it, at random.
        if axis.values and not axis.fixed:
            raise UsageError(f"the cmaes sampler searches only ranges, but {axis.name} is a list: give one value, or use tpe")
