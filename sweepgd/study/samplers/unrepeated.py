"""Sampling without repeats: the set of drawn points, and a sampler that skips drawn points."""

from bisect import bisect_right, insort
from collections.abc import Hashable, Iterable, Mapping

from sweepgd.core.errors import UsageError
from sweepgd.study.samplers.stateless import Points, RandomPoints, WholePoints, uniform
from sweepgd.sweep.space import Space, Value

# After this many repeats in a row, one of the remaining points is drawn instead.
MOST_REPEATS = 20
# The name that seeds the random number of this draw. No axis has this name.
REST = "of the rest"


class Drawn:
    """The points of a space that have been drawn, each with the number of its trial."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._trials: dict[Hashable, int] = {}
        self._places: list[int] = []

    def _key(self, point: Mapping[str, Value]) -> Hashable:
        place = self._space.index_of(point)
        return tuple(point.items()) if place is None else place

    def trial(self, point: Mapping[str, Value]) -> int:
        """Return the number of the first trial with this point."""
        return self._trials[self._key(point)]

    def add(self, point: Mapping[str, Value], trial: int) -> bool:
        """Add the point of a trial. Return True if the point is new."""
        key = self._key(point)
        if key in self._trials:
            return False
        self._trials[key] = trial
        if isinstance(key, int):
            insort(self._places, key)
        return True

    def remove(self, point: Mapping[str, Value], trial: int) -> None:
        """Remove a point if it was first drawn by this trial."""
        key = self._key(point)
        if self._trials.get(key) == trial:
            del self._trials[key]
            if isinstance(key, int):
                self._places.remove(key)

    def rest(self, u: float) -> dict[str, Value]:
        """Return the point at the quantile `u` of the uniform distribution over the points that have not been drawn."""
        left = self._space.countable - len(self._places)
        if not left:
            size = self._space.countable
            raise UsageError(f"the space has {size} configurations: set at most {size} trials")
        nth = int(u * left)
        # `places` are the positions of drawn points in the grid. Below the drawn position `places[i]`, `places[i] - i`
        # positions are not drawn.
        below = bisect_right(range(len(self._places)), nth, key=lambda i: self._places[i] - i)
        return self._space.at(nth + below)


def draw(space: Space, points: Points, first: int, drawn: Drawn, trial: int, u: float) -> tuple[dict[str, Value], int]:
    """Return the sampler's first new point, searched from number `first` on, and the number at which the next search begins.

    After MOST_REPEATS repeats in a row in a finite space, the new point is the quantile `u` of the remaining points.
    """
    number = first
    while number < first + MOST_REPEATS or not space.finite:
        points.number = number
        point = space.ask(points)
        number += 1
        if drawn.add(point, trial):
            return point, number
    point = drawn.rest(u)
    drawn.add(point, trial)
    return point, number


def draw_at_random(space: Space, seed: int, drawn: Drawn, trial: int) -> dict[str, Value]:
    """Return a new random point."""
    point, _ = draw(space, RandomPoints(seed), 0, drawn, trial, uniform(seed, 0, REST))
    return point


class Unrepeated(WholePoints):
    """The points of another sampler in order. Each point occurs once. Points whose positions are in `without` are left out."""

    def __init__(self, points: Points, space: Space, seed: int, without: Iterable[int] = ()) -> None:
        self._points, self._space, self._seed = points, space, seed
        self._without = [space.at(place) for place in without]
        self._begin()

    def _begin(self) -> None:
        self._drawn = Drawn(self._space)
        for point in self._without:
            self._drawn.add(point, -1)
        self._following = self._upcoming = 0
        self._point: dict[str, Value] = {}

    def point(self) -> Mapping[str, Value]:
        if self.number < self._following - 1:
            self._begin()
        while self._following <= self.number:
            u = uniform(self._seed, self._following, REST)
            trial = self._following
            self._point, self._upcoming = draw(self._space, self._points, self._upcoming, self._drawn, trial, u)
            self._following += 1
        return self._point
