"""Options of `sweepgd measure`: check them, and apply them to the recorded sweep."""

import json
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from operator import index
from typing import Any, SupportsFloat

from sweepgd.measures import MEASURES
from sweepgd.problem import UsageProblem
from sweepgd.sweep.files import parse, to_toml
from sweepgd.sweep.spec import MeasureSpec, Sweep


def listed(names: str | Iterable[str] | None) -> list[str] | None:
    """Return names as a list; a single string is one name."""
    return [names] if isinstance(names, str) else None if names is None else [str(name) for name in names]


def whole(name: str, number: Any) -> int | str | None:
    """Return a whole number of any type as an int, and a string (such as "full") unchanged. Raises UsageProblem otherwise."""
    if number is None or isinstance(number, str):
        return number
    try:
        return index(number)
    except TypeError:
        raise UsageProblem(f"{name} {number!r}: give a whole number") from None


def real(name: str, number: Any) -> float | None:
    """Return a finite number of any type as a float. Raises UsageProblem otherwise."""
    if number is None:
        return None
    if isinstance(number, str) or not isinstance(number, SupportsFloat) or not isfinite(number):
        raise UsageProblem(f"{name} {number!r}: give a finite number")
    return float(number)


def measuring(recorded: Sweep, options: Mapping[str, Any], overrides: Sequence[str]) -> Sweep:
    """Return the sweep with `[measure]` replaced by `options`, its keys and values, and `measure.key=TOML-value` overrides.

    Raises UsageProblem if they are not valid or contradict each other.
    """
    for key in (override.partition("=")[0].strip() for override in overrides):
        table, _, name = key.partition(".")
        if table != "measure" or not name:
            raise UsageProblem(
                f"--set {key}: only what is measured can be set here, such as measure.settings.phi.iterations=20"
            )
        if name == "every":
            raise UsageProblem("measure.every is for measuring during training: give it to the search")
        if name in options:
            raise UsageProblem(f"{name} and {key} contradict each other: give one of them")
    base = recorded.model_copy(update={"measure": MeasureSpec(measures=list(MEASURES))})
    given = [f"measure.{key}={json.dumps(value)}" for key, value in options.items()]
    sweep = parse(to_toml(base), [*given, *overrides], "")
    assert sweep.measure is not None
    for name in sweep.measure.settings.keys() - set(sweep.measure.measures):
        raise UsageProblem(f"--set measure.settings.{name}: {name} is not measured: add it to the measures")
    return sweep
