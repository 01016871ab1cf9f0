"""Axes of the space for settings of the model or of the data, such as `model.hidden` and `data.subset`, and their values."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import prod
from typing import TYPE_CHECKING, Any

from sweepgd.core.errors import SettingError, UsageError, nearest
from sweepgd.core.setting import Setting
from sweepgd.data.data_spec import DataSpec
from sweepgd.data.variable_settings import variable, with_settings
from sweepgd.plugins import registry
from sweepgd.sweep.entries import Range, SettingEntry, axis
from sweepgd.sweep.space import Axis, Space, Value
from sweepgd.sweep.spec import ModelSpec, PointSpec, Sweep

if TYPE_CHECKING:
    from sweepgd.models import Model

KINDS = ("model", "data")
# If the settings of model or data have more combinations, only the ends of each axis are prepared before the first trial.
MOST_CHOICES = 64


@dataclass(frozen=True)
class Choice:
    """The settings of model and data that vary in the sweep, with their values in one configuration."""

    model: Mapping[str, Any]
    data: Mapping[str, Any]


def axes_of(sweep: Sweep) -> list[Axis]:
    """Return an axis for each setting in `[space.model]` and `[space.data]`.

    If the values of a setting are lists, the values of its axis are the JSON texts of these lists. Raises UsageError if a
    setting is unknown, may not vary, or has an invalid value.
    """
    return [
        _axis(f"{kind}.{key}", entry, _setting(sweep, kind, key, f"space.{kind}"), f"space.{kind}")
        for kind in KINDS
        for key, entry in getattr(sweep.space, kind).items()
    ]


def _setting(sweep: Sweep, kind: str, key: str, where: str) -> Setting:
    if kind == "data":
        return variable(sweep.data, key, where)
    model: Model = registry.get("models", sweep.model.name)
    known = {setting.name: setting for setting in model.settings}
    if key in known:
        return known[key]
    if key in ModelSpec.model_fields:
        raise SettingError(f"{where}.{key} may not vary, because the trials of a sweep share it: give model.{key} instead")
    raise SettingError(f"unknown key {where}.{key}: {nearest(key, known)}")


def _axis(name: str, entry: SettingEntry, setting: Setting, where: str) -> Axis:
    if not isinstance(setting.default, tuple):
        found = axis(name, entry, setting, where=where)  # type: ignore[arg-type]  # `axis` refuses a list among the values
        for value in found.values:
            if isinstance(value, str) and value.startswith("["):
                raise UsageError(f"{where}.{setting.name} = {value!r}: a text that varies may not begin with [")
        return found
    if isinstance(entry, Range) or not isinstance(entry, list) or not all(isinstance(value, list) for value in entry):
        example = json.dumps([list(setting.default)])
        raise UsageError(f"{where}.{setting.name}: each value is a list: give a list of lists, such as {example}")
    texts = tuple(str(on_axis(setting.check(value, where))) for value in entry)
    if not texts or len(set(texts)) < len(texts):
        raise UsageError(f"{where}.{setting.name} = {entry}: give at least one value, and none twice")
    return Axis(name, values=texts)


def on_axis(value: Any) -> Any:
    """Return the form that a value of a setting has on its axis: a list as JSON text, any other value unchanged."""
    return json.dumps(list(value)) if isinstance(value, (tuple, list)) else value


def settings_in(point: Mapping[str, Value], kind: str) -> dict[str, Any]:
    """Return the settings of the model or the data (`kind`) that a point of the space has, by name."""
    prefix = f"{kind}."
    return {key.removeprefix(prefix): _off_axis(value) for key, value in point.items() if key.startswith(prefix)}


def _off_axis(value: Value) -> Any:
    return tuple(json.loads(value)) if isinstance(value, str) and value.startswith("[") else value


def settings_of_point(sweep: Sweep, spec: PointSpec, fixed: Mapping[str, Value], where: str) -> dict[str, Value]:
    """Return the settings of model and data of a fixed point, by axis.

    A setting that the point does not give has the value that the space fixes, or else the default. Raises UsageError for an
    unknown setting or an invalid value.
    """
    chosen: dict[str, Value] = {}
    for kind in KINDS:
        given: Mapping[str, Any] = getattr(spec, kind)
        for key in dict.fromkeys([*getattr(sweep.space, kind), *given]):
            setting, name = _setting(sweep, kind, key, f"{where}.{kind}"), f"{kind}.{key}"
            if key in given:
                chosen[name] = on_axis(setting.check(given[key], f"{where}.{kind}"))
            elif name in fixed:
                chosen[name] = fixed[name]
            elif not (kind == "data" and key in DataSpec.model_fields and DataSpec.model_fields[key].default is None):
                chosen[name] = on_axis(setting.default)
    return chosen


def choices(sweep: Sweep) -> Iterator[Choice]:
    """Yield settings of model and data that occur in the space. The first values of all settings come first.

    Each combination of the settings of the data is yielded with the first settings of the model. Each combination of the
    settings of the model is yielded with the first settings of the data. If the settings of model or data have more than
    MOST_CHOICES combinations, only combinations of the first and last values of the settings are yielded.
    """
    axes = axes_of(sweep)
    if not axes:
        return
    models, datas = (_combinations([axis for axis in axes if axis.name.startswith(f"{kind}.")], kind) for kind in KINDS)
    for model, data in dict.fromkeys([*((models[0], data) for data in datas), *((model, datas[0]) for model in models)]):
        yield Choice(json.loads(model), json.loads(data))


def _combinations(axes: list[Axis], kind: str) -> list[str]:
    """Return the combinations of settings as JSON."""
    few = all(axis.count for axis in axes) and prod(axis.count for axis in axes) <= MOST_CHOICES
    space = Space(tuple(axes if few else map(_ends, axes)))
    return [json.dumps(settings_in(point, kind)) for point in islice(space.grid(), MOST_CHOICES)]


def _ends(axis: Axis) -> Axis:
    low, high = (axis.values[0], axis.values[-1]) if axis.values else (axis.low, axis.high)
    ends = (int(low), int(high)) if axis.integer else (low, high)
    return Axis(axis.name, values=tuple(dict.fromkeys(ends)))


def chosen(sweep: Sweep, choice: Choice) -> Sweep:
    """Return the sweep with the settings of `choice` in every trial. Raises UsageError if the choice contradicts other
    settings.
    """
    return sweep.model_copy(
        update={
            "model": sweep.model.model_copy(update=dict(choice.model)),
            "data": with_settings(sweep.data, choice.data),
            "space": sweep.space.model_copy(update={"model": {}, "data": {}}),
        }
    )


def in_words(choice: Choice) -> str:
    """Return the settings of `choice` as text, such as "model.hidden = [32], data.subset = 100"."""
    return ", ".join(f"{kind}.{key} = {json.dumps(value)}" for kind in KINDS for key, value in getattr(choice, kind).items())
