"""Samplers whose points depend only on the seed and the trial's number: random, grid and quasi-random."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from hashlib import blake2b
from math import exp, log
from typing import Any

import numpy as np
import numpy.typing as npt
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from sweepgd.core import disk_cache
from sweepgd.core.errors import UsageError
from sweepgd.sweep.space import Space, Value

LARGEST_GRID = 1_000_000


def value_at(distribution: BaseDistribution, u: float) -> Any:
    """Return the value of the distribution at the quantile `u` in [0, 1)."""
    match distribution:
        case CategoricalDistribution(choices=choices):
            return choices[int(u * len(choices))]
        case IntDistribution(low=low, high=high, log=True):
            # The range is widened by half a unit at each end, so that the end points are as probable as the other points.
            return min(max(round(_log_between(low - 0.5, high + 0.5, u)), low), high)
        case IntDistribution(low=low, high=high, step=step):
            return low + step * int(u * ((high - low) // step + 1))
        case FloatDistribution(low=low, high=high, log=True):
            return min(max(_log_between(low, high, u), low), high)
        case FloatDistribution(low=low, high=high, step=float(step)):
            return min(low + step * int(u * (round((high - low) / step) + 1)), high)
        case FloatDistribution(low=low, high=high):
            return min(low + u * (high - low), high)
    raise TypeError(f"quantiles of {type(distribution).__name__} are not supported")


def _log_between(low: float, high: float, u: float) -> float:
    return exp(log(low) + u * (log(high) - log(low)))


class Points(BaseSampler):
    """A sampler whose point depends only on `number`, which the caller sets to the trial's number before each ask.

    Optuna's own trial numbers restart from 0 when a study is rebuilt. A space may also ask the sampler directly, without a
    study (`space.ask(points)`). A direct call takes 7 µs per point, while Optuna's ask and tell take 150 µs.
    """

    number: int = 0

    @abstractmethod
    def value(self, name: str, distribution: BaseDistribution) -> Any:
        """Return the value of one axis at the current number."""

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


def uniform(seed: int, number: int, name: str) -> float:
    """Return a random number in [0, 1) that depends only on the arguments."""
    digest = blake2b(f"{seed}/{number}/{name}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "little") >> 11) * 2.0**-53  # 53 bits: the precision of float64


class RandomPoints(Points):
    """Independent random points."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def value(self, name: str, distribution: BaseDistribution) -> Any:
        # Seeded by the axis' name, so that an axis keeps its value if other axes are added or removed.
        return value_at(distribution, uniform(self._seed, self.number, name))


class WholePoints(Points):
    """A sampler that computes its whole point before the value of any axis."""

    _latest: tuple[int, Mapping[str, Value]] | None = None

    @abstractmethod
    def point(self) -> Mapping[str, Value]:
        """Return the point for the current number."""

    def value(self, name: str, distribution: BaseDistribution) -> Any:
        if self._latest is None or self._latest[0] != self.number:
            self._latest = self.number, self.point()
        value = self._latest[1][name]
        if isinstance(distribution, FloatDistribution):
            # 0.1 + 2 * 0.1 exceeds 0.3, which Optuna rejects when a study is rebuilt.
            return min(float(value), distribution.high)
        return value


class GridPoints(WholePoints):
    """The points of the space's grid in order, without the points at the positions in `without`. `size` is the number of the
    remaining points.

    Raises UsageError if the space has no grid, or a number exceeds the grid's size.
    """

    def __init__(self, space: Space, without: Collection[int] = ()) -> None:
        space.grid()
        if space.countable > LARGEST_GRID:
            raise UsageError(f"the grid has more than {LARGEST_GRID:,} points: shorten a list or increase a step")
        left_out = set(without)
        self._space = space
        self._places = [place for place in range(space.countable) if place not in left_out]

    @property
    def size(self) -> int:
        return len(self._places)

    def spread(self, first: int, count: int, seed: int) -> None:
        """Divide the first `first` points into `count` stretches of equal length, and keep one random point of each stretch."""
        # At equal distances, all kept points could have the same value on the last axes.
        drawn = (int((stretch + uniform(seed, stretch, "scale")) * first / count) for stretch in range(count))
        self._places = [self._places[place] for place in drawn]

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        if self.number >= self.size:
            raise UsageError(f"the grid has {self.size} points: set at most {self.size} trials")

    def point(self) -> Mapping[str, Value]:
        return self._space.at(self._places[self.number])


class QuasiRandomPoints(Points):
    """Scrambled Sobol points (Owen 1998), with one dimension for each axis that is not fixed, including conditional axes."""

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
        """Return the Sobol points up to `number` and beyond, up to a power of two. A longer sequence begins with the points of
        a shorter sequence.
        """
        return sobol(len(self._columns), max(6, self.number.bit_length()), self._seed)


def sobol(dimensions: int, exponent: int, seed: int) -> npt.NDArray[np.float64]:
    """Return SciPy's first 2**exponent scrambled points, of shape (2**exponent, dimensions), cached between processes.

    Reading the cache takes 3 ms. Computing the points takes 0.56 s, mostly for the import of scipy.stats.
    """
    key = {"sobol": [dimensions, exponent, seed], "versions": disk_cache.versions("scipy", "numpy")}
    points = disk_cache.recall(key, lambda folder: np.load(folder / "points.npy"))
    if points is None:
        from scipy.stats.qmc import Sobol

        points = Sobol(dimensions, scramble=True, rng=seed).random_base2(exponent)
        disk_cache.keep(key, points.nbytes, lambda folder: np.save(folder / "points.npy", points))
    return points
