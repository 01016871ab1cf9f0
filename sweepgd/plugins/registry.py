"""Find plugins by name: optimizers, models, layers, data sets and schedules. Entry points are loaded only when needed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from sweepgd.core.errors import SweepgdError, UsageError, reason, suggestion
from sweepgd.core.setting import fault as settings_fault
from sweepgd.plugins.containment import contained

# The class of each kind of plugin. The modules of these classes import this module, and are therefore imported only when
# needed.
CONTRACTS = {
    "optimizers": "sweepgd.optimizers:Optimizer",
    "models": "sweepgd.models:Model",
    "datasets": "sweepgd.data:Dataset",
    "schedules": "sweepgd.schedules:Schedule",
    "layers": "sweepgd.models.layer_contract:Layer",
}
# Further checks by kind. Each function takes a plugin and returns its first fault, or None.
FAULTS = {"optimizers": "sweepgd.optimizers.validation:fault", "layers": "sweepgd.models.layer_contract:fault"}

# The plugins of single files (`sweepgd.plugins.single_file`), each with its file.
_files: dict[EntryPoint, Path] = {}


@dataclass(frozen=True)
class Entry:
    """An installed plugin for `sweepgd list`. If the plugin loads, `thing` is the plugin. Otherwise `error` is the reason."""

    name: str
    distribution: str
    version: str
    thing: Any = None
    error: str | None = None


@cache
def _points(kind: str) -> Mapping[str, tuple[EntryPoint, ...]]:
    """Return all entry points of one kind by name. A name has several entry points if several distributions use this name."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    group = f"sweepgd.{kind}"
    for point in (*entry_points(group=group), *(point for point in _files if point.group == group)):
        found[point.name] = (*found.get(point.name, ()), point)
    return found


def _distribution(point: EntryPoint) -> tuple[str, str]:
    if point in _files:
        return str(_files[point]), ""
    try:
        # None if the metadata are incomplete. For incomplete metadata, the backport importlib_metadata, which Dask installs,
        # raises.
        return (point.dist and point.dist.name) or "unknown", (point.dist and point.dist.version) or ""
    except FileNotFoundError:
        return "unknown", ""


def offer(kind: str, point: EntryPoint, file: Path) -> None:
    """Add a plugin of a single file. Raises UsageError if its name is already used by another plugin."""
    if point.name in _points(kind):
        raise UsageError(f"{origin(kind, point.name)} exists already, but {file} uses the name too: rename one of them")
    _files[point] = file
    _points.cache_clear()


def defined_by(file: Path) -> list[tuple[str, str]]:
    """Return the kind and name of each plugin that `offer` added for a file."""
    return [(point.group.removeprefix("sweepgd."), point.name) for point, path in _files.items() if path == file]


def withdraw_files() -> None:
    """Remove all plugins that `offer` added."""
    if _files:
        _files.clear()
        _points.cache_clear()
        get.cache_clear()


def module(kind: str, name: str) -> str:
    """Return the name of the module that defines a plugin."""
    return _points(kind)[name][0].module


def names(kind: str) -> list[str]:
    """Return the sorted names of all plugins of one kind, without loading them."""
    return sorted(_points(kind))


def distribution(kind: str, name: str) -> tuple[str, str]:
    """Return the distribution of a plugin, with its version."""
    return _distribution(_points(kind)[name][0])


def is_of_file(kind: str, name: str) -> bool:
    """Return True if a plugin comes from a single file."""
    return _points(kind)[name][0] in _files


def is_own(kind: str, name: str) -> bool:
    """Return True if a plugin is part of sweepgd itself."""
    return all(_distribution(point)[0] == "sweepgd" for point in _points(kind)[name])


def origin(kind: str, name: str) -> str:
    """Return a plugin's kind and name with its distributions, such as "optimizer 'lion' of sweepgd-lion 1.0"."""
    offers = [" ".join(_distribution(point)).rstrip() for point in _points(kind)[name]]
    return f"{kind[:-1]} {name!r} of {' and '.join(offers)}"


def with_plugin_names(ran: Mapping[str, str], why: str) -> str:
    """Return an error message that begins with the plugins that ran, without sweepgd's own plugins. `ran` has their names by
    kind.
    """
    foreign = [origin(kind, name) for kind, name in ran.items() if not is_own(kind, name)]
    return f"{', '.join(foreign)}: {why}" if foreign else why


@contextmanager
def plugin_errors(kind: str, name: str) -> Iterator[None]:
    """Convert any exception of a plugin's code to a SweepgdError that names the plugin. A UsageError is raised unchanged."""
    try:
        with contained():
            yield
    except UsageError:
        raise
    except Exception as error:
        raise SweepgdError(f"{origin(kind, name)}: {reason(error)}") from error


@cache
def get(kind: str, name: str) -> Any:
    """Return the plugin called `name`. Raises UsageError if there is no such plugin, and SweepgdError if the plugin does not
    load or is invalid.
    """
    points = _points(kind).get(name)
    if points is None:
        installed = ", ".join(names(kind))
        hint = f"{suggestion(name, names(kind))}installed: {installed}"
        file = "give its file with --plugin FILE.py (in Python plugins=[…])"
        raise UsageError(f"unknown {kind[:-1]} {name!r}: {hint}; or {file}")
    what = origin(kind, name)
    if len(points) > 1:
        raise SweepgdError(f"{what} is offered by more than one distribution: uninstall all but one")
    try:
        with contained():
            thing = points[0].load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # includes SystemExit and pytest's Skipped, which are not an Exception
        raise SweepgdError(f"{what} does not load: {reason(error)}") from error
    try:
        found = fault(kind, name, thing)
    except Exception as error:
        raise SweepgdError(f"{what} cannot be checked: {reason(error)}") from error
    if found is not None:
        raise SweepgdError(f"{what} {found}")
    return thing


def fault(kind: str, name: str, thing: Any) -> str | None:
    """Return the first fault of a plugin, in words that follow the plugin's name, or None."""
    contract = resolve_name(CONTRACTS[kind])
    if not isinstance(thing, contract):
        return f"is of type {type(thing).__name__}, not {contract.__name__}: fix its entry point, or uninstall it"
    if (found := resolve_name(FAULTS[kind])(thing) if kind in FAULTS else _declared(thing)) is not None:
        return found
    return None if thing.name == name else f"has the name {thing.name!r}: give it the name of its entry point"


def _declared(thing: Any) -> str | None:
    """Return a description of the first field with a wrong type in a model, data set or schedule, or None."""
    for field in ("description", "source"):
        if not isinstance(text := getattr(thing, field), str):
            return f"has the {field} {text!r}: give a text"
    return settings_fault(thing.settings, "settings")


def entries(kind: str) -> list[Entry]:
    """Return all plugins of one kind, loaded.

    A plugin that does not load is listed with the reason. A name that several distributions use has an entry for each
    distribution.
    """
    listed = []
    for name, points in sorted(_points(kind).items()):
        thing = error = None
        try:
            thing = get(kind, name)
        except SweepgdError as problem:
            error = str(problem)
        listed += [Entry(name, *_distribution(point), thing, error) for point in points]
    return listed
