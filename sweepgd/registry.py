"""Plugins by name: lazy entry points, one look-up for optimizers, models, data sets and schedules."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from sweepgd.problem import Problem, UsageProblem, suggestion

KINDS = ("optimizers", "models", "datasets", "schedules")


@dataclass(frozen=True)
class Entry:
    """One installed plugin as `sweepgd list` shows it: `thing` where it loads, `error` where it does not."""

    name: str
    distribution: str
    version: str
    thing: Any = None
    error: str | None = None


@cache
def _points(kind: str) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=f"sweepgd.{kind}"):
        other = found.get(point.name)
        if other is not None and other.value != point.value:
            raise Problem(
                f"two distributions offer {kind[:-1]} {point.name!r}: {_origin(other)[0]} and {_origin(point)[0]};"
                " uninstall one of them"
            )
        found[point.name] = point
    return found


def _origin(point: EntryPoint) -> tuple[str, str]:
    return (point.dist.name, point.dist.version) if point.dist else ("unknown", "")


def names(kind: str) -> list[str]:
    """The names installed of one kind, without loading anything."""
    return sorted(_points(kind))


@cache
def get(kind: str, name: str) -> Any:
    """The plugin called `name`. Raises UsageProblem where none is, Problem where it does not load."""
    point = _points(kind).get(name)
    if point is None:
        installed = ", ".join(names(kind))
        raise UsageProblem(f"unknown {kind[:-1]} {name!r}: {suggestion(name, names(kind))}installed: {installed}")
    try:
        return point.load()
    except Exception as error:
        raise Problem(f"{kind[:-1]} {name!r} of {_origin(point)[0]} does not load: {type(error).__name__}: {error}") from error


def entries(kind: str, attempt: Callable[[str, str], Any] = get) -> list[Entry]:
    """All installed plugins of one kind, each loaded; one that fails is listed with its reason and stops nothing."""
    listed = []
    for name, point in sorted(_points(kind).items()):
        distribution, version = _origin(point)
        try:
            listed.append(Entry(name, distribution, version, thing=attempt(kind, name)))
        except Problem as problem:
            listed.append(Entry(name, distribution, version, error=str(problem)))
    return listed
