"""Settings that schedules got later: what a sweep recorded before has by saying nothing, and what a new one writes out."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from sweepgd.configuration import Configuration
from sweepgd.setting import Setting
from sweepgd.sweep.points import names_of, schedule_of
from sweepgd.sweep.spec import Sweep


def written_out(sweep: Sweep) -> Sweep:
    """The sweep with each such setting of its schedules, so that its record says which form they have."""
    return _filled(sweep, lambda schedule, setting: setting.default)


def as_recorded(sweep: Sweep, recorded: Sweep) -> Sweep:
    """The sweep with each such setting that it does not give as a record of it has it: a record continues in its own form."""
    known = set(_names(recorded))

    def value(schedule: str, setting: Setting) -> Any:
        if schedule not in known:
            return setting.default
        return recorded.schedule.get(schedule, {}).get(setting.name, setting.formerly)

    return _filled(sweep, value)


def former(sweep: Sweep) -> dict[str, Any]:
    """Each such setting of the sweep's schedules by its dotted key, and what a record without it stands for."""
    return {f"schedule.{schedule}.{setting.name}": setting.formerly for schedule, setting in _added(sweep)}


def recorded(configuration: Configuration) -> Configuration:
    """The configuration without what a record has by saying nothing, so that it keeps the identity that it had."""
    added = {
        setting.name: setting.formerly
        for setting in schedule_of(configuration.schedule).settings
        if setting.formerly is not None
    }
    kept = {name: value for name, value in configuration.schedule_settings.items() if name not in added or value != added[name]}
    return replace(configuration, schedule_settings=kept)


def _added(sweep: Sweep) -> Iterator[tuple[str, Setting]]:
    for name in _names(sweep):
        for setting in schedule_of(name).settings:
            if setting.formerly is not None:
                yield name, setting


def _names(sweep: Sweep) -> Iterable[str]:
    """The schedules that a sweep uses."""
    of_points = (point.schedule for point in sweep.points if point.schedule)
    return dict.fromkeys([*names_of(sweep.space.schedule, "schedule"), *of_points])


def _filled(sweep: Sweep, value: Callable[[str, Setting], Any]) -> Sweep:
    tables = {name: dict(entries) for name, entries in sweep.schedule.items()}
    for name, setting in _added(sweep):
        tables.setdefault(name, {}).setdefault(setting.name, value(name, setting))
    return sweep.model_copy(update={"schedule": tables})
