"""A named setting of an optimizer, schedule, model or data set, with its default, meaning, valid values and search range."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from sweepgd.core.errors import SettingError, nearest

# The largest integer. Kernels take numbers as float64, which cannot represent all integers above this value.
LARGEST_WHOLE = 2**53


@dataclass(frozen=True)
class Setting:
    """A setting that users may give by name.

    `low`, `high` and `log` are the range that a search uses for `"search"` in a sweep file. `minimum` and `maximum` are the
    bounds of the valid values. `open_maximum` excludes `maximum` itself. `choices` lists all valid values. A default of None
    means that the value is derived from other settings. `formerly` is the value in older records that lack this setting.
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
        """Return `value`, converted to the type of the default. Raise SettingError if `value` is invalid."""
        name = f"{where}.{self.name}"
        if self.choices:
            if not any(value == choice and type(value) is type(choice) for choice in self.choices):  # True == 1
                raise SettingError(f"{name} = {value!r}: {nearest(str(value), map(str, self.choices))}")
            return value
        if isinstance(self.default, bool):
            if not isinstance(value, bool):
                raise SettingError(f"{name} = {value!r}: give true or false")
            return value
        if isinstance(self.default, tuple):
            if not isinstance(value, (list, tuple)):
                raise SettingError(f"{name} = {value!r}: give a list, such as {list(self.default)!r}")
            return tuple(self._text(item, name) if self.lists_texts else self._number(item, name) for item in value)
        if isinstance(self.default, str):
            if not isinstance(value, str):
                raise SettingError(f"{name} = {value!r}: give a text, such as {self.default!r}")
            return value
        return self._number(value, name)

    @property
    def lists_texts(self) -> bool:
        """True if values are lists of texts."""
        return isinstance(self.default, tuple) and bool(self.default) and isinstance(self.default[0], str)

    def _text(self, value: Any, name: str) -> str:
        if not isinstance(value, str):
            raise SettingError(f"{name} has the entry {value!r}: give texts, such as {self.default[0]!r}")
        return value

    def _number(self, value: Any, name: str) -> float | int:
        sample = self.default[0] if isinstance(self.default, tuple) and self.default else self.default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
            raise SettingError(f"{name} = {value!r}: give a finite number")
        largest = LARGEST_WHOLE if isinstance(sample, int) else inf
        if not max(self.minimum, -largest) <= value <= min(self.maximum, largest) or (
            self.open_maximum and value == self.maximum
        ):
            bounds = [f"at least {self.minimum:g}"] if self.minimum > -inf else []
            if self.maximum < inf:
                bounds.append(f"{'below' if self.open_maximum else 'at most'} {self.maximum:g}")
            elif abs(value) > largest:
                bounds.append(f"of at most {len(str(largest)) - 1} digits")
            raise SettingError(f"{name} = {value!r}: must be {' and '.join(bounds)}")
        if isinstance(sample, int):
            if value != int(value):
                raise SettingError(f"{name} = {value!r}: give a whole number")
            return int(value)
        return float(value)


def shown(value: Any) -> str:
    """Return the value of a setting as text for messages."""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def fault(settings: Any, field: str) -> str | None:
    """Return None if the declared settings are a tuple of Setting. Otherwise, return the fault in words that follow the
    plugin's name.

    `field` is the name of the field that holds the settings, such as "settings" or "hyperparameters".
    """
    if not isinstance(settings, tuple):
        return f"has {field} of type {type(settings).__name__}: give a tuple, such as (Setting(…),)"
    for setting in settings:
        if not isinstance(setting, Setting):
            return f"has the {field.removesuffix('s')} {setting!r}: declare it as a Setting"
    return None


def resolve(settings: Sequence[Setting], given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the value of every setting. Settings that are not given have their defaults. Raise SettingError for unknown names
    and invalid values.
    """
    by_name = {setting.name: setting for setting in settings}
    for name in given:
        if name not in by_name:
            raise SettingError(f"unknown key {where}.{name}: {nearest(name, by_name)}")
    return {name: setting.check(given[name], where) if name in given else setting.default for name, setting in by_name.items()}
