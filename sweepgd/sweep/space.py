"""The search space of a sweep: axes, some of which exist only for certain values of another axis."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from sweepgd.core.errors import UsageError

Value = float | int | str | bool


class Suggests(Protocol):
    """The methods of Optuna's Trial from which a space takes values."""

    def suggest_categorical(self, name: str, choices: Any) -> Any: ...
    def suggest_float(self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False) -> float: ...
    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int: ...


@dataclass(frozen=True)
class Axis:
    """One searched or fixed quantity: either `values`, or a range from `low` to `high`. A single value is fixed.

    `when` holds the name of an earlier axis, and the values of the earlier axis for which this axis exists.
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
        """Return True if this axis exists, given the values of earlier axes."""
        return self.when is None or point.get(self.when[0]) in self.when[1]

    def ask(self, trial: Suggests) -> Value:
        """Return the value of this axis that Optuna's trial suggests."""
        if self.fixed:
            return self.values[0]
        if self.values:
            return trial.suggest_categorical(self.name, self.values)
        if self.integer:
            return trial.suggest_int(self.name, int(self.low), int(self.high), step=int(self.step or 1), log=self.log)
        return trial.suggest_float(self.name, self.low, self.high, step=self.step, log=self.log)

    @property
    def count(self) -> int:
        """The number of values of this axis, or 0 if the axis is continuous."""
        if self.values:
            return len(self.values)
        if self.step is None and not self.integer:
            return int(self.low == self.high)
        return int((self.high - self.low) / (self.step or 1) + 1e-9) + 1

    def at(self, index: int) -> Value:
        """Return the value with this index, from 0 to `count` - 1."""
        if self.values:
            return self.values[index]
        value = min(self.low + index * (self.step or 1), self.high)  # 0.1 + 2 * 0.1 > 0.3
        return int(value) if self.integer else value

    def index_of(self, value: Value) -> int | None:
        """Return the index of a value, or None if the value is not one of the `count` values of this axis."""
        if self.values:
            return self._indices.get(value)
        if isinstance(value, str) or not self.count or not self.low <= value <= self.high:
            return None
        steps = (value - self.low) / (self.step or 1)
        return round(steps) if abs(steps - round(steps)) < 1e-8 else None  # the tolerance of Optuna's distributions

    @cached_property
    def _indices(self) -> dict[Value, int]:
        return {value: index for index, value in enumerate(self.values)}

    def holds(self, value: Value) -> bool:
        """Return True if a value lies on this axis."""
        if self.values or self.count:
            return self.index_of(value) is not None
        return not isinstance(value, str) and self.low <= value <= self.high

    def grid(self) -> tuple[Value, ...]:
        """Return all values of this axis. Raise UsageError for a range without steps."""
        if not self.values and self.step is None and (self.log or not self.integer):
            raise UsageError(f"a grid needs steps, and {self.name} is a range without a step: give it a step, or a list")
        return tuple(self.at(index) for index in range(self.count))


@dataclass(frozen=True)
class Space:
    """The axes of a sweep.

    Each axis comes after the axis that it depends on. Points without a continuous axis are countable. Countable points have
    indices from 0, and the last axis varies fastest.
    """

    axes: tuple[Axis, ...]

    def ask(self, trial: Suggests) -> dict[str, Value]:
        """Return a point with a value from Optuna's trial for each axis. Values of earlier axes decide which axes exist."""
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
        """The number of countable points."""
        return self._count_from(0, {})

    def at(self, index: int) -> dict[str, Value]:
        """Return the countable point with this index, from 0 to `countable` - 1."""
        point: dict[str, Value] = {}
        for position, axis in enumerate(self.axes):
            if not axis.exists(point):
                continue
            if axis.name in self._conditions:
                for choice in range(axis.count):
                    point[axis.name] = axis.at(choice)
                    after = self._count_from(position + 1, point)
                    if index < after:
                        break
                    index -= after
            else:
                choice, index = divmod(index, self._count_from(position + 1, point))
                point[axis.name] = axis.at(choice)
        return point

    def index_of(self, point: Mapping[str, Value]) -> int | None:
        """Return the index of a point of this space, or None if the point is not countable."""
        before: dict[str, Value] = {}
        index = 0
        for position, axis in enumerate(self.axes):
            if not axis.exists(point):
                continue
            choice = axis.index_of(point[axis.name])
            if choice is None:
                return None
            if axis.name in self._conditions:
                index += sum(self._count_from(position + 1, before | {axis.name: axis.at(other)}) for other in range(choice))
            else:
                index += choice * self._count_from(position + 1, before)
            before[axis.name] = axis.at(choice)
        return index

    def grid(self) -> Iterator[dict[str, Value]]:
        """Yield every point of the grid in the order of indices. Raise UsageError if an axis is a range without steps."""
        for axis in self.axes:
            axis.grid()
        return map(self.at, range(self.countable))

    @cached_property
    def _conditions(self) -> tuple[str, ...]:
        """The names of the axes whose values decide which other axes exist."""
        return tuple(dict.fromkeys(axis.when[0] for axis in self.axes if axis.when is not None))

    @cached_property
    def _counts(self) -> dict[tuple[Any, ...], int]:
        return {}

    def _count_from(self, position: int, point: Mapping[str, Value]) -> int:
        """Return the number of countable points that agree with `point` on the first `position` axes."""
        if position == len(self.axes):
            return 1
        key = (position, *map(point.get, self._conditions))
        if key not in self._counts:
            axis = self.axes[position]
            if not axis.exists(point):
                count = self._count_from(position + 1, point)
            elif axis.name in self._conditions:
                values = map(axis.at, range(axis.count))
                count = sum(self._count_from(position + 1, {**point, axis.name: value}) for value in values)
            else:
                count = axis.count and axis.count * self._count_from(position + 1, point)
            self._counts[key] = count
        return self._counts[key]
