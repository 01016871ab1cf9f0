"""What a sweep searches: axes, some of which exist only for certain values of another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from sweepgd.problem import UsageProblem

Value = float | int | str | bool


class Suggests(Protocol):
    """The part of Optuna's Trial that a space asks for its values."""

    def suggest_categorical(self, name: str, choices: Any) -> Any: ...
    def suggest_float(self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False) -> float: ...
    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int: ...


@dataclass(frozen=True)
class Axis:
    """One searched or fixed quantity: either `values` (one value is fixed), or a range from `low` to `high`.

    `when` names an earlier axis and the values of it for which this axis exists at all.
    """

    name: str
    values: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    step: float | None = None
    integer: bool = False
    when: tuple[str, tuple[Value, ...]] | None = None

    @property
    def fixed(self) -> bool:
        return len(self.values) == 1

    def exists(self, point: Mapping[str, Value]) -> bool:
        """Whether this axis exists beside the values chosen so far."""
        return self.when is None or point.get(self.when[0]) in self.when[1]

    def ask(self, trial: Suggests) -> Value:
        """This axis' value for one trial."""
        if self.fixed:
            return self.values[0]
        if self.values:
            return trial.suggest_categorical(self.name, self.values)
        if self.integer:
            return trial.suggest_int(self.name, int(self.low), int(self.high), step=int(self.step or 1), log=self.log)
        return trial.suggest_float(self.name, self.low, self.high, step=self.step, log=self.log)

    @property
    def count(self) -> int:
        """The number of values of this axis; 0 if it is continuous, so that they cannot be counted."""
        if self.values:
            return len(self.values)
        if self.step is None and not self.integer:
            return int(self.low == self.high)
        return int((self.high - self.low) / (self.step or 1) + 1e-9) + 1

    def at(self, place: int) -> Value:
        """The value at a place among the `count` values of this axis."""
        if self.values:
            return self.values[place]
        value = min(self.low + place * (self.step or 1), self.high)  # 0.1 + 2 * 0.1 > 0.3
        return int(value) if self.integer else value

    def place(self, value: Value) -> int | None:
        """The place of a value among the `count` values of this axis, None where it is none of them."""
        if self.values:
            return self._places.get(value)
        if isinstance(value, str) or not self.count or not self.low <= value <= self.high:
            return None
        steps = (value - self.low) / (self.step or 1)
        return round(steps) if abs(steps - round(steps)) < 1e-8 else None  # the tolerance of Optuna's distributions

    @cached_property
    def _places(self) -> dict[Value, int]:
        return {value: place for place, value in enumerate(self.values)}

    def holds(self, value: Value) -> bool:
        """Return whether a value lies on this axis."""
        if self.values or self.count:
            return self.place(value) is not None
        return not isinstance(value, str) and self.low <= value <= self.high

    def grid(self) -> tuple[Value, ...]:
        """This axis' values on a grid. Raises UsageProblem for a range without steps."""
        if not self.values and self.step is None and (self.log or not self.integer):
            raise UsageProblem(f"a grid needs steps, and {self.name} is a range without: give it a list or a step")
        return tuple(self.at(place) for place in range(self.count))


@dataclass(frozen=True)
class Space:
    """The axes of a sweep, each after the axis that it depends on.

    Its countable points, those without a continuous axis, have places from 0 on, the last axis turning fastest.
    """

    axes: tuple[Axis, ...]

    def ask(self, trial: Suggests) -> dict[str, Value]:
        """One point: a value for every axis that exists in it."""
        point: dict[str, Value] = {}
        for axis in self.axes:
            if axis.exists(point):
                point[axis.name] = axis.ask(trial)
        return point

    @cached_property
    def finite(self) -> bool:
        """True if no axis is continuous."""
        return all(axis.count for axis in self.axes)

    @cached_property
    def countable(self) -> int:
        """The number of points without a continuous axis."""
        return self._after(0, {})

    def at(self, place: int) -> dict[str, Value]:
        """The countable point at a place from 0 to `countable` - 1."""
        point: dict[str, Value] = {}
        for index, axis in enumerate(self.axes):
            if not axis.exists(point):
                continue
            if axis.name in self._conditions:
                for choice in range(axis.count):
                    point[axis.name] = axis.at(choice)
                    after = self._after(index + 1, point)
                    if place < after:
                        break
                    place -= after
            else:
                choice, place = divmod(place, self._after(index + 1, point))
                point[axis.name] = axis.at(choice)
        return point

    def place(self, point: Mapping[str, Value]) -> int | None:
        """The place of a point of this space, None where one of its axes is continuous."""
        before: dict[str, Value] = {}
        place = 0
        for index, axis in enumerate(self.axes):
            if not axis.exists(point):
                continue
            choice = axis.place(point[axis.name])
            if choice is None:
                return None
            if axis.name in self._conditions:
                place += sum(self._after(index + 1, before | {axis.name: axis.at(other)}) for other in range(choice))
            else:
                place += choice * self._after(index + 1, before)
            before[axis.name] = axis.at(choice)
        return place

    def grid(self) -> Iterator[dict[str, Value]]:
        """Every point of the grid, by place. Raises UsageProblem where an axis is a range without steps."""
        for axis in self.axes:
            axis.grid()
        return map(self.at, range(self.countable))

    @cached_property
    def _conditions(self) -> tuple[str, ...]:
        """The axes whose value decides which others exist."""
        return tuple(dict.fromkeys(axis.when[0] for axis in self.axes if axis.when is not None))

    @cached_property
    def _counts(self) -> dict[tuple[Any, ...], int]:
        return {}

    def _after(self, index: int, point: Mapping[str, Value]) -> int:
        """The number of countable points that agree with `point` in the axes before `index`."""
        if index == len(self.axes):
            return 1
        key = (index, *map(point.get, self._conditions))
        if key not in self._counts:
            axis = self.axes[index]
            if not axis.exists(point):
                count = self._after(index + 1, point)
            elif axis.name in self._conditions:
                values = map(axis.at, range(axis.count))
                count = sum(self._after(index + 1, {**point, axis.name: value}) for value in values)
            else:
                count = axis.count and axis.count * self._after(index + 1, point)
            self._counts[key] = count
        return self._counts[key]
