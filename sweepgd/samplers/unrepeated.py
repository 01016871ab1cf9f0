"""Sampling without repeats: the points of a space that are drawn already, and samplers that pass over them."""

from bisect import bisect_right, insort
from collections.abc import Hashable, Iterable, Mapping

from sweepgd.problem import UsageProblem
from sweepgd.samplers.points import Points, RandomPoints, WholePoints, uniform
from sweepgd.space import Space, Value

# After this many repeats in a row, one of the points that are left is drawn instead.
MOST_REPEATS = 20
# The name under which its random number is drawn; no axis has it.
REST = "of the rest"


class Drawn:
    """The points of a space that are drawn already, each with the number of its trial."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._trials: dict[Hashable, int] = {}
        self._places: list[int] = []

    def _key(self, point: Mapping[str, Value]) -> Hashable:
        place = self._space.index_of(point)
        return tuple(point.items()) if place is None else place

    def trial(self, point: Mapping[str, Value]) -> int:
        """The trial that drew a point first."""
        return self._trials[self._key(point)]

    def add(self, point: Mapping[str, Value], trial: int) -> bool:
        """Note that a trial draws a point, and return whether it is the first to do so."""
        key = self._key(point)
        if key in self._trials:
            return False
        self._trials[key] = trial
        if isinstance(key, int):
            insort(self._places, key)
        return True

    def remove(self, point: Mapping[str, Value], trial: int) -> None:
        """Take back that a trial drew a point."""
        key = self._key(point)
        if self._trials.get(key) == trial:
            del self._trials[key]
            if isinstance(key, int):
                self._places.remove(key)

    def rest(self, u: float) -> dict[str, Value]:
        """The point at the quantile `u` of those of a finite space that are not drawn yet, each as likely as any other."""
        left = self._space.countable - len(self._places)
        if not left:
            raise UsageProblem(f"the space has {self._space.countable} configurations: ask for at most as many trials")
        nth = int(u * left)
        # Below the i-th drawn place lie `places[i] - i` that are not drawn.
        below = bisect_right(range(len(self._places)), nth, key=lambda i: self._places[i] - i)
        return self._space.at(nth + below)


def draw(space: Space, points: Points, first: int, drawn: Drawn, trial: int, u: float) -> tuple[dict[str, Value], int]:
    """Draw a point for a trial: the first new one of a sampler's, from number `first` on. Return it and the next number.

    In a finite space, after MOST_REPEATS repeats in a row, it is the one at the quantile `u` of the points that are left.
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
    """Draw a random point that is new."""
    point, _ = draw(space, RandomPoints(seed), 0, drawn, trial, uniform(seed, 0, REST))
    return point


class Unrepeated(WholePoints):
    """The points of another sampler in their order, each once, and none of the points at the places `without`."""

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
