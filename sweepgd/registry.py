"""Plugins by name: lazy entry points, one look-up for optimizers, models, data sets and schedules."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from sweepgd.contained import contained
from sweepgd.problem import Problem, UsageProblem, reason, suggestion
from sweepgd.setting import fault as settings_fault

# By kind, the class that a plugin must be of. They stand above this module, and are imported when a plugin is.
CONTRACTS = {
    "optimizers": "sweepgd.optimizers:Optimizer",
    "models": "sweepgd.models:Model",
    "datasets": "sweepgd.data:Dataset",
    "schedules": "sweepgd.schedules:Schedule",
}
# What is looked at beyond the class: a function from the plugin to its first fault, or None.
FAULTS = {"optimizers": "sweepgd.optimizers.faults:fault"}

# The plugins of single files (`sweepgd.one_off`), each with its file.
_files: dict[EntryPoint, Path] = {}


@dataclass(frozen=True)
class Entry:
    """One installed plugin as `sweepgd list` shows it: `thing` where it loads, `error` where it does not."""

    name: str
    distribution: str
    version: str
    thing: Any = None
    error: str | None = None


@cache
def _points(kind: str) -> Mapping[str, tuple[EntryPoint, ...]]:
    """All entry points of one kind by name: more than one where distributions contend for a name."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    group = f"sweepgd.{kind}"
    for point in (*entry_points(group=group), *(point for point in _files if point.group == group)):
        found[point.name] = (*found.get(point.name, ()), point)
    return found


def _distribution(point: EntryPoint) -> tuple[str, str]:
    if point in _files:
        return str(_files[point]), ""
    if point.dist is None:
        return "unknown", ""
    return point.dist.name or "unknown", point.dist.version or ""  # None where half of it was uninstalled


def offer(kind: str, point: EntryPoint, file: Path) -> None:
    """Adds a plugin of a single file. Raises UsageProblem where its name is taken, by an installed one or by another file's."""
    if point.name in _points(kind):
        raise UsageProblem(f"{origin(kind, point.name)} is there already, and {file} defines another: rename one of them")
    _files[point] = file
    _points.cache_clear()


def defined_by(file: Path) -> list[tuple[str, str]]:
    """The kind and name of each plugin that was offered of a file."""
    return [(point.group.removeprefix("sweepgd."), point.name) for point, path in _files.items() if path == file]


def withdraw_files() -> None:
    """Takes back what `offer` added."""
    if _files:
        _files.clear()
        _points.cache_clear()
        get.cache_clear()


def module(kind: str, name: str) -> str:
    """The module that an installed plugin is in."""
    return _points(kind)[name][0].module


def names(kind: str) -> list[str]:
    """The names installed of one kind, without loading anything."""
    return sorted(_points(kind))


def distribution(kind: str, name: str) -> tuple[str, str]:
    """The distribution of an installed plugin and its version."""
    return _distribution(_points(kind)[name][0])


def is_of_file(kind: str, name: str) -> bool:
    """Return True for a plugin of a single file."""
    return _points(kind)[name][0] in _files


def is_own(kind: str, name: str) -> bool:
    """Whether a plugin is one of sweepgd's own."""
    return all(_distribution(point)[0] == "sweepgd" for point in _points(kind)[name])


def origin(kind: str, name: str) -> str:
    """A plugin with the distributions that offer it: "optimizer 'lion' of sweepgd-lion 1.0"."""
    offers = [" ".join(_distribution(point)).rstrip() for point in _points(kind)[name]]
    return f"{kind[:-1]} {name!r} of {' and '.join(offers)}"


def accused(ran: Mapping[str, str], why: str) -> str:
    """Why something was lost, after the plugins of other distributions among those that it ran, name by kind."""
    theirs = [origin(kind, name) for kind, name in ran.items() if not is_own(kind, name)]
    return f"{', '.join(theirs)}: {why}" if theirs else why


@contextmanager
def blamed(kind: str, name: str) -> Iterator[None]:
    """Names the plugin whose code runs inside in whatever that raises, as a Problem; UsageProblems are the user's, and stay."""
    try:
        with contained():
            yield
    except UsageProblem:
        raise
    except Exception as error:
        raise Problem(f"{origin(kind, name)}: {reason(error)}") from error


@cache
def get(kind: str, name: str) -> Any:
    """The plugin called `name`. Raises UsageProblem where none is, Problem where it does not load or breaks the contract."""
    points = _points(kind).get(name)
    if points is None:
        installed = ", ".join(names(kind))
        raise UsageProblem(f"unknown {kind[:-1]} {name!r}: {suggestion(name, names(kind))}installed: {installed}")
    what = origin(kind, name)
    if len(points) > 1:
        raise Problem(f"{what} is offered by each of them: uninstall one")
    try:
        with contained():
            thing = points[0].load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit, and pytest's Skipped, which is no Exception either
        raise Problem(f"{what} does not load: {reason(error)}") from error
    try:
        found = fault(kind, name, thing)
    except Exception as error:
        raise Problem(f"{what} cannot be checked: {reason(error)}") from error
    if found is not None:
        raise Problem(f"{what} {found}")
    return thing


def fault(kind: str, name: str, thing: Any) -> str | None:
    """What in a plugin breaks its contract, in words that follow its name, or None."""
    contract = resolve_name(CONTRACTS[kind])
    if not isinstance(thing, contract):
        return f"is of type {type(thing).__name__}, not {contract.__name__}: mend its entry point, or uninstall it"
    if (found := resolve_name(FAULTS[kind])(thing) if kind in FAULTS else _declared(thing)) is not None:
        return found
    return None if thing.name == name else f"calls itself {thing.name!r}: give it the name of its entry point"


def _declared(thing: Any) -> str | None:
    """What in the declaration of a model, data set or schedule is of a wrong type, or None."""
    for field in ("description", "source"):
        if not isinstance(text := getattr(thing, field), str):
            return f"has the {field} {text!r}: give a text"
    return settings_fault(thing.settings, "settings")


def entries(kind: str) -> list[Entry]:
    """All installed plugins of one kind, each loaded; one that fails is listed with its reason and stops nothing.

    Where distributions contend for a name, there is an entry for each.
    """
    listed = []
    for name, points in sorted(_points(kind).items()):
        thing = error = None
        try:
            thing = get(kind, name)
        except Problem as problem:
            error = str(problem)
        listed += [Entry(name, *_distribution(point), thing, error) for point in points]
    return listed
