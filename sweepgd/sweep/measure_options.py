"""A `[measure]` table as a sentence for users, and as the equivalent `sweepgd measure` command."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite
from operator import index
from pathlib import Path
from shlex import join
from typing import Any, SupportsFloat

from sweepgd.core.errors import UsageError
from sweepgd.curvature.catalogue import settings_of
from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.sweep.spec import Sweep
from sweepgd.sweep.toml_files import parse, to_toml


def in_words(spec: MeasureSpec) -> str:
    """Return one line that names the measures, the weights at which they are computed, and the number of rows."""
    rows = "all training rows" if spec.rows == "full" else f"at most {spec.rows} training rows"
    text = f"{', '.join(dict.fromkeys(spec.measures))} at the {' and '.join(dict.fromkeys(spec.which))} weights, on {rows}"
    text += "" if spec.rescale is None else f"; also with layers rescaled by {spec.rescale:g}"
    return text + ("" if spec.every is None else f"; lambda_max every {spec.every} epochs")


def as_command(directory: Path, spec: MeasureSpec) -> str:
    """Return the `sweepgd measure` command for a results directory. `every` is left out because it works only during a
    search.
    """
    return join(["sweepgd", "measure", str(directory), *_options(spec)])


def _options(spec: MeasureSpec) -> Iterator[str]:
    default = MeasureSpec()
    yield from ("--measures", ",".join(dict.fromkeys(spec.measures)))
    for key in ("rows", "which", "rescale", "dtype", "seed"):
        value = getattr(spec, key)
        if value != getattr(default, key):
            yield from (f"--{key}", ",".join(value) if key == "which" else str(value))
    for name in dict.fromkeys(spec.measures):
        defaults: dict[str, Any] = settings_of(name, {})
        for key, value in settings_of(name, spec.settings.get(name, {})).items():
            if value != defaults[key]:
                yield from ("--set", f"measure.settings.{name}.{key}={json.dumps(value)}")


def listed(names: str | Iterable[str] | None) -> list[str] | None:
    """Return names as a list. A single string is one name, and None stays None."""
    return [names] if isinstance(names, str) else None if names is None else [str(name) for name in names]


def whole(name: str, number: Any) -> int | str | None:
    """Return a whole number of any type as an int, and a string (such as "full") unchanged. Raises UsageError for anything
    else.
    """
    if number is None or isinstance(number, str):
        return number
    try:
        return index(number)
    except TypeError:
        raise UsageError(f"{name} {number!r}: give a whole number") from None


def real(name: str, number: Any) -> float | None:
    """Return a finite number of any type as a float. Raises UsageError for anything else."""
    if number is None:
        return None
    if isinstance(number, str) or not isinstance(number, SupportsFloat) or not isfinite(number):
        raise UsageError(f"{name} {number!r}: give a finite number")
    return float(number)


def measuring(recorded: Sweep, options: Mapping[str, Any], overrides: Sequence[str]) -> Sweep:
    """Return the sweep with another `[measure]` table, made of `options` (keys and values) and of `measure.key=TOML-value`
    overrides. What they do not give has the default of a sweep file.

    Raises UsageError if a key is not valid or is given twice.
    """
    for key in (override.partition("=")[0].strip() for override in overrides):
        table, _, name = key.partition(".")
        if table != "measure" or not name:
            raise UsageError(f"--set {key}: only keys of [measure] can be set here, such as measure.settings.phi.iterations=20")
        if name == "every":
            raise UsageError("measure.every applies during training only: set it in sweepgd search")
        if name in options:
            raise UsageError(f"{name} and {key} contradict each other: give one of them")
    base = recorded.model_copy(update={"measure": MeasureSpec()})
    given = [f"measure.{key}={json.dumps(value)}" for key, value in options.items()]
    sweep = parse(to_toml(base), [*given, *overrides], "")
    assert sweep.measure is not None
    for name in sweep.measure.settings.keys() - set(sweep.measure.measures):
        raise UsageError(f"--set measure.settings.{name}: {name} is not measured: add it to the measures")
    return sweep
