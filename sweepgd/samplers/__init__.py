"""Where trials look: random, grid and quasi-random points as functions of (seed, number); the adaptive are Optuna's."""

from collections.abc import Collection
from importlib.util import find_spec

import numpy as np
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, NSGAIISampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from sweepgd.problem import Problem, UsageProblem, nearest
from sweepgd.samplers.points import GridPoints, Points, QuasiRandomPoints, RandomPoints
from sweepgd.samplers.unrepeated import MOST_REPEATS, Drawn, Unrepeated, draw_at_random
from sweepgd.space import Space

__all__ = ["ADAPTIVE", "MOST_REPEATS", "NAMES", "Drawn", "GridPoints", "Points", "draw_at_random", "make", "seed_of"]

ADAPTIVE = frozenset({"tpe", "nsga2", "cmaes", "gp"})
NAMES = ("random", "grid", "quasi_random", *sorted(ADAPTIVE))


class NSGA2(NSGAIISampler):
    """NSGA-II whose parents stand in the order of their trials.

    Optuna gives them by rank when it selects them and by trial when it finds them in the study's cache, so that a
    rebuilt study, whose cache is empty, would draw other children.
    """

    def select_parent(self, study: Study, generation: int) -> list[FrozenTrial]:
        return sorted(super().select_parent(study, generation), key=lambda trial: trial.number)


def seed_of(seed: int, generation: int) -> int:
    """The seed of a generation of trials, in the 32 bits that Optuna's legacy generators take."""
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
    """The sampler called `name`.

    Random, grid and quasi-random points come once each, and those at the places `without` never, unless with `repeats`.
    An adaptive one (in ADAPTIVE) is made anew for each generation of trials, its random numbers those of (seed,
    generation), so that what it asks is a function of these and the history told. Raises UsageProblem for an unknown name
    and for a space or objectives that the sampler cannot search, Problem where a package is missing.
    """
    generation_seed = seed_of(seed, generation)
    match name:
        case "grid":
            return GridPoints(space, () if repeats else without)
        case "random" | "quasi_random":
            points = RandomPoints(seed) if name == "random" else QuasiRandomPoints(space, seed)
            return points if repeats or not space.countable else Unrepeated(points, space, seed, without)
        case "tpe":
            # Optuna's own default is True: a recorded search would go on with other points.
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
    raise UsageProblem(f"unknown sampler {name!r}: {nearest(name, NAMES)}")


def _require_package(package: str, sampler: str) -> None:
    if find_spec(package) is None:
        raise Problem(f"the {sampler} sampler needs the package {package}: pip install 'sweepgd[{sampler}]'")


def _require_numeric(space: Space, objectives: int) -> None:
    if objectives > 1:
        raise UsageProblem("the cmaes sampler has one objective: use nsga2 or tpe for several")
    for axis in space.axes:
        # Optuna would draw it at random, and with it every axis that depends on it.
        if axis.values and not axis.fixed:
            raise UsageProblem(f"the cmaes sampler searches ranges, and {axis.name} is a list: fix it, or use tpe")
