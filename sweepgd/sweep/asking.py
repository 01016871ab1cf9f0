"""A `[measure]` table as a sentence for users, and as the `sweepgd measure` command that does the same."""

import json
from collections.abc import Iterator
from pathlib import Path
from shlex import join
from typing import Any

from sweepgd.measures import settings_of
from sweepgd.sweep.spec import MeasureSpec


def in_words(spec: MeasureSpec) -> str:
    """Return one line that names the measures, the weights they are taken at, and the number of rows."""
    rows = "all training rows" if spec.rows == "full" else f"at most {spec.rows} training rows"
    text = f"{', '.join(dict.fromkeys(spec.measures))} at the {' and '.join(dict.fromkeys(spec.which))} weights, on {rows}"
    text += "" if spec.rescale is None else f"; also with layers rescaled by {spec.rescale:g}"
    return text + ("" if spec.every is None else f"; lambda_max every {spec.every} epochs")


def as_command(directory: Path, spec: MeasureSpec) -> str:
    """Return the `sweepgd measure` command for a results directory. It leaves out `every`, which only a search can do."""
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
