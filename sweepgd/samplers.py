"""Where trials look: random, grid and quasi-random points as functions of (seed, number); the adaptive are Optuna's."""

from abc import abstractmethod
from collections.abc import Sequence
from hashlib import blake2b
from importlib.util import find_spec
from itertools import islice
from math import exp, log
from typing import Any

import numpy as np
import numpy.typing as npt
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, NSGAIISampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from sweepgd import kept
from sweepgd.problem import Problem, UsageProblem, nearest
from sweepgd.space import Space, Value

ADAPTIVE = frozenset({"tpe", "nsga2", "cmaes", "gp"})
NAMES = ("random", "grid", "quasi_random", *sorted(ADAPTIVE))

LARGEST_GRID = 1_000_000


def value_at(distribution: BaseDistribution, u: float) -> Any:
    """The distribution's value at the quantile `u` of [0, 1)."""
    match distribution:
        case CategoricalDistribution(choices=choices):
            return choices[int(u * len(choices))]
        case IntDistribution(low=low, high=high, log=True):
            # Half a unit more at either end gives the end points their full share.
            return min(max(round(_log_between(low - 0.5, high + 0.5, u)), low), high)
        case IntDistribution(low=low, high=high, step=step):
            return low + step * int(u * ((high - low) // step + 1))
        case FloatDistribution(low=low, high=high, log=True):
            return min(max(_log_between(low, high, u), low), high)
        case FloatDistribution(low=low, high=high, step=float(step)):
            return min(low + step * int(u * (round((high - low) / step) + 1)), high)
        case FloatDistribution(low=low, high=high):
            return min(low + u * (high - low), high)
    raise TypeError(f"no quantiles are known for {type(distribution).__name__}")


def _log_between(low: float, high: float, u: float) -> float:
    return exp(log(low) + u * (log(high) - log(low)))


class Points(BaseSampler):
    """A sampler whose point depends on `number` alone, which is set to the trial's number before each ask.

    Optuna's own trial numbers are those of a study in memory, and begin anew when one is rebuilt. A space may also ask it
    directly (`space.ask(points)`), without a study: 7 µs a point instead of the 150 of Optuna's ask and tell.
    """

    number: int = 0

    @abstractmethod
    def value(self, name: str, distribution: BaseDistribution) -> Any:
        """This number's value of one axis."""

    def suggest_categorical(self, name: str, choices: Sequence[Value]) -> Any:
        return self.value(name, CategoricalDistribution(choices))

    def suggest_float(self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False) -> float:
        return self.value(name, FloatDistribution(low, high, log, step))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        return self.value(name, IntDistribution(low, high, log, step))

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self.value(param_name, param_distribution)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]) -> dict[str, Any]:
        return {}


class RandomPoints(Points):
    """Independent random points."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def value(self, name: str, distribution: BaseDistribution) -> Any:
        # Hashed by name, so that an axis keeps its value whichever others exist; 53 bits fill a float64 below 1.
        digest = blake2b(f"{self._seed}/{self.number}/{name}".encode(), digest_size=8).digest()
        return value_at(distribution, (int.from_bytes(digest, "little") >> 11) * 2.0**-53)


class GridPoints(Points):
    """The points of the space's grid in order; `size` of them. Raises UsageProblem for a number beyond it."""

    def __init__(self, space: Space) -> None:
        self._points: list[dict[str, Value]] = list(islice(space.grid(), LARGEST_GRID + 1))
        if len(self._points) > LARGEST_GRID:
            raise UsageProblem(f"the grid has more than {LARGEST_GRID:,} points: shorten a list or widen a step")

    @property
    def size(self) -> int:
        return len(self._points)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        if self.number >= self.size:
            raise UsageProblem(f"the grid has {self.size} points: ask for at most as many trials")

    def value(self, name: str, distribution: BaseDistribution) -> Any:
        value = self._points[self.number][name]
        if isinstance(distribution, FloatDistribution):
            # 0.1 + 2 * 0.1 is above 0.3, which Optuna refuses when a study is rebuilt.
            return min(value, distribution.high)
        return value


class QuasiRandomPoints(Points):
    """Scrambled Sobol points (Owen 1998), one dimension for each axis that is not fixed, whether it exists or not."""

    def __init__(self, space: Space, seed: int) -> None:
        searched = [axis.name for axis in space.axes if not axis.fixed]
        self._columns = {name: column for column, name in enumerate(searched)}
        self._seed = seed
        self._points: npt.NDArray[np.float64] = np.empty((0, len(searched)))

    def value(self, name: str, distribution: BaseDistribution) -> Any:
        if self.number >= len(self._points):
            self._points = self._sobol()
        return value_at(distribution, float(self._points[self.number, self._columns[name]]))

    def _sobol(self) -> npt.NDArray[np.float64]:
        """All points up to `number`, to the next power of two: a longer sequence begins with the shorter one."""
        return sobol(len(self._columns), max(6, self.number.bit_length()), self._seed)


def sobol(dimensions: int, exponent: int, seed: int) -> npt.NDArray[np.float64]:
    """SciPy's first 2**exponent scrambled points, from the user's cache where an earlier process has made them.

    Measured: 3 ms instead of 0.56 s, nearly all of which is the import of scipy.stats.
    """
    key = {"sobol": [dimensions, exponent, seed], "versions": kept.versions("scipy", "numpy")}
    points = kept.recall(key, lambda folder: np.load(folder / "points.npy"))
    if points is None:
        from scipy.stats.qmc import Sobol

        points = Sobol(dimensions, scramble=True, rng=seed).random_base2(exponent)
        kept.keep(key, points.nbytes, lambda folder: np.save(folder / "points.npy", points))
    return points


class NSGA2(NSGAIISampler):
    """NSGA-II whose parents stand in the order of their trials.

    Optuna gives them by rank when it selects them and by trial when it finds them in the study's cache, so that a
    rebuilt study, whose cache is empty, would draw other children.
    """

    def select_parent(self, study: Study, generation: int) -> list[FrozenTrial]:
        return sorted(super().select_parent(study, generation), key=lambda trial: trial.number)


def make(
    name: str, space: Space, seed: int, objectives: int = 1, generation: int = 0, *, parallel: bool = False
) -> BaseSampler:
    """The sampler called `name`.

    An adaptive one (in ADAPTIVE) is made anew for each generation of trials, its random numbers those of (seed,
    generation), so that what it asks is a function of these and the history told; in `parallel`, TPE keeps away from
    points that are running, too. Raises UsageProblem for an unknown name and for a space or objectives that the sampler
    cannot search, Problem where a package is missing.
    """
    # 32 bits are what Optuna's legacy generators take.
    generation_seed = int(np.random.SeedSequence([seed, generation]).generate_state(1)[0])
    match name:
        case "random":
            return RandomPoints(seed)
        case "grid":
            return GridPoints(space)
        case "quasi_random":
            return QuasiRandomPoints(space, seed)
        case "tpe":
            return TPESampler(seed=generation_seed, constant_liar=parallel)
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
