"""What a sweep searches: axes, some of which exist only for certain values of another."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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

    def grid(self) -> tuple[Value, ...]:
        """This axis' values on a grid. Raises UsageProblem for a range without steps."""
        if self.values:
            return self.values
        if self.step is None and not (self.integer and not self.log):
            raise UsageProblem(f"a grid needs steps, and {self.name} is a range without: give it a list or a step")
        step = self.step or 1
        count = int((self.high - self.low) / step + 1e-9) + 1
        points = [min(self.low + index * step, self.high) for index in range(count)]  # 0.1 + 2 * 0.1 > 0.3
        return tuple(int(point) for point in points) if self.integer else tuple(points)


@dataclass(frozen=True)
class Space:
    """The axes of a sweep, each after the axis that it depends on."""

    axes: tuple[Axis, ...]

    def ask(self, trial: Suggests) -> dict[str, Value]:
        """One point: a value for every axis that exists in it."""
        point: dict[str, Value] = {}
        for axis in self.axes:
            if axis.exists(point):
                point[axis.name] = axis.ask(trial)
        return point

    def grid(self) -> Iterator[dict[str, Value]]:
        """Every point of the grid, the last axis turning fastest."""
        return self._grid_from(0, {})

    def _grid_from(self, index: int, point: dict[str, Value]) -> Iterator[dict[str, Value]]:
        if index == len(self.axes):
            yield dict(point)
            return
        axis = self.axes[index]
        if not axis.exists(point):
            yield from self._grid_from(index + 1, point)
            return
        for value in axis.grid():
            yield from self._grid_from(index + 1, point | {axis.name: value})
