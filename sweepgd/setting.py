"""One named setting of an optimizer, schedule, model or data set: its default and meaning, what is allowed, where to search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from sweepgd.problem import UsageProblem, nearest

# Kernels take numbers as float64, which does not hold every whole number beyond it.
LARGEST_WHOLE = 2**53


@dataclass(frozen=True)
class Setting:
    """A setting that users may give by name.

    `low`, `high` and `log` are the range that a search uses where a sweep says `"search"`; `minimum` and `maximum` bound
    what is valid at all (`open_maximum` excludes the upper bound itself); `choices` lists the only values allowed.
    A default of None means "derived from the rest". `formerly` is for a setting that was added later with a default that
    changes what is computed: the value that a record without it stands for.
    """

    name: str
    default: Any
    meaning: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    minimum: float = -inf
    maximum: float = inf
    open_maximum: bool = False
    choices: tuple[Any, ...] = ()
    formerly: Any = None

    def check(self, value: Any, where: str) -> Any:
        """`value`, converted to the default's type. Raises UsageProblem where it is not valid."""
        name = f"{where}.{self.name}"
        if self.choices:
            if not any(value == choice and type(value) is type(choice) for choice in self.choices):  # true is no 1
                raise UsageProblem(f"{name} = {value!r}: {nearest(str(value), map(str, self.choices))}")
            return value
        if isinstance(self.default, bool):
            if not isinstance(value, bool):
                raise UsageProblem(f"{name} = {value!r}: give true or false")
            return value
        if isinstance(self.default, tuple):
            if not isinstance(value, (list, tuple)):
                raise UsageProblem(f"{name} = {value!r}: give a list, such as {list(self.default)!r}")
            return tuple(self._number(item, name) for item in value)
        if isinstance(self.default, str):
            if not isinstance(value, str):
                raise UsageProblem(f"{name} = {value!r}: give a text, such as {self.default!r}")
            return value
        return self._number(value, name)

    def _number(self, value: Any, name: str) -> float | int:
        sample = self.default[0] if isinstance(self.default, tuple) and self.default else self.default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
            raise UsageProblem(f"{name} = {value!r}: give a finite number")
        largest = LARGEST_WHOLE if isinstance(sample, int) else inf
        if not max(self.minimum, -largest) <= value <= min(self.maximum, largest) or (
            self.open_maximum and value == self.maximum
        ):
            bounds = [f"at least {self.minimum:g}"] if self.minimum > -inf else []
            if self.maximum < inf:
                bounds.append(f"{'below' if self.open_maximum else 'at most'} {self.maximum:g}")
            elif abs(value) > largest:
                bounds.append(f"of at most {len(str(largest)) - 1} digits")
            raise UsageProblem(f"{name} = {value!r}: must be {' and '.join(bounds)}")
        if isinstance(sample, int):
            if value != int(value):
                raise UsageProblem(f"{name} = {value!r}: give a whole number")
            return int(value)
        return float(value)


def shown(value: Any) -> str:
    """A setting's value as a message shows it."""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def fault(settings: Any, what: str) -> str | None:
    """What keeps a plugin's declared settings from being a tuple of Setting, in words that follow its name, or None.

    `what` is the field that holds them: "settings", "hyperparameters".
    """
    if not isinstance(settings, tuple):
        return f"has {what} of type {type(settings).__name__}: give a tuple; of one, write (Setting(…),) with a comma"
    for setting in settings:
        if not isinstance(setting, Setting):
            return f"has the {what.removesuffix('s')} {setting!r}: declare it as a Setting"
    return None


def resolve(settings: Sequence[Setting], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Every setting's value: as given, else its default. Raises UsageProblem for an unknown name or an invalid value."""
    by_name = {setting.name: setting for setting in settings}
    for name in given:
        if name not in by_name:
            raise UsageProblem(f"unknown key {where}.{name}: {nearest(name, by_name)}")
    return {name: setting.check(given[name], where) if name in given else setting.default for name, setting in by_name.items()}
