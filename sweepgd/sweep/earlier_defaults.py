"""Values of added settings: settings that schedules and models got in a later release (`Setting.formerly`).

A record from before this release has the former value of the setting. A new sweep records the default of the setting.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from sweepgd.core.setting import Setting
from sweepgd.plugins import registry
from sweepgd.sweep.configuration import Configuration
from sweepgd.sweep.points import names_of, schedule_of
from sweepgd.sweep.spec import Sweep


def written_out(sweep: Sweep) -> Sweep:
    """Return the sweep as a new study records it. If the sweep does not give an added setting of a schedule, the
    setting has its default.
    """
    return _filled(sweep, lambda schedule, setting: setting.default)


def as_recorded(sweep: Sweep, recorded: Sweep) -> Sweep:
    """Return the sweep with added settings of its schedules filled in from its record. Settings given in the sweep are kept."""
    known = set(_names(recorded))

    def value(schedule: str, setting: Setting) -> Any:
        if schedule not in known:
            return setting.default
        return recorded.schedule.get(schedule, {}).get(setting.name, setting.formerly)

    return _filled(sweep, value)


def former(sweep: Sweep) -> dict[str, Any]:
    """Return the former value of each added setting of the sweep's schedules and of its model, by dotted key."""
    of_schedules = {f"schedule.{schedule}.{setting.name}": setting.formerly for schedule, setting in _added(sweep)}
    of_model = {
        f"model.{setting.name}": setting.formerly
        for setting in registry.get("models", sweep.model.name).settings
        if setting.formerly is not None and setting.name not in sweep.space.model
    }
    return of_schedules | of_model


def recorded(configuration: Configuration) -> Configuration:
    """Return the configuration without added settings that have their former value, so that `config_id` is as recorded."""
    added = {
        setting.name: setting.formerly
        for setting in schedule_of(configuration.schedule).settings
        if setting.formerly is not None
    }
    given = configuration.schedule_settings
    settings = {name: value for name, value in given.items() if name not in added or value != added[name]}
    return replace(configuration, schedule_settings=settings)


def _added(sweep: Sweep) -> Iterator[tuple[str, Setting]]:
    for name in _names(sweep):
        for setting in schedule_of(name).settings:
            if setting.formerly is not None:
                yield name, setting


def _names(sweep: Sweep) -> Iterable[str]:
    """Return the schedules of the space and of the points, each once."""
    of_points = (point.schedule for point in sweep.points if point.schedule)
    return dict.fromkeys([*names_of(sweep.space.schedule, "schedule"), *of_points])


def _filled(sweep: Sweep, value: Callable[[str, Setting], Any]) -> Sweep:
    tables = {name: dict(entries) for name, entries in sweep.schedule.items()}
    for name, setting in _added(sweep):
        tables.setdefault(name, {}).setdefault(setting.name, value(name, setting))
    return sweep.model_copy(update={"schedule": tables})
