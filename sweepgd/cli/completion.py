"""The values that a shell offers for arguments and options: names of plugins and sweeps, and results directories.

A shell waits for these values, so nothing heavy is imported and no plugin is loaded. If nothing is offered, the shell offers
files.
"""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from sweepgd.core.bundled_sweeps import bundled

KINDS = ("optimizers", "schedules", "models", "layers", "datasets", "sweeps", "measures")


def skip_conversion() -> None:
    """Prevent the import of pydantic while a shell waits, because this import takes longer than all other work. Typer would use
    pydantic to convert the values on the command line. To offer completions, Typer needs no converted values, and it continues
    if a conversion fails.
    """
    if "_SWEEPGD_COMPLETE" in os.environ:
        sys.modules["pydantic"] = None  # type: ignore[assignment]  # an import of it then fails at once


def plugins(*kinds: str) -> Callable[[str], list[str]]:
    """Return a function that offers the installed plugins of these kinds."""

    def offer(incomplete: str) -> list[str]:
        from sweepgd.plugins import registry  # finds all installed packages, which takes a third of the time

        return _beginning(incomplete, [name for kind in kinds for name in registry.names(kind)])

    return offer


def kinds(incomplete: str) -> list[str]:
    """Offer what `sweepgd list` lists."""
    return _beginning(incomplete, KINDS)


def bundled_names(incomplete: str) -> list[str]:
    """Offer the bundled sweeps."""
    return _beginning(incomplete, bundled())


def sweeps(incomplete: str) -> list[str]:
    """Offer the bundled sweeps, and the TOML files in the folder whose path the user is typing."""
    return _beginning(incomplete, [*bundled(), *(path for path in _beside(incomplete) if path.endswith(".toml"))])


def results(incomplete: str) -> list[str]:
    """Offer the results directories in `results`, and the results directories in the folder whose path the user is typing."""
    found = dict.fromkeys([*_beside("results/"), *_beside(incomplete)])
    return [path for path in _beginning(incomplete, found) if (Path(path) / "sweep.toml").is_file()]


def _beside(incomplete: str) -> list[str]:
    """Return the paths in the folder of an incomplete path. Each path begins with the folder as the user typed it."""
    folder = incomplete[: incomplete.rfind("/") + 1]
    try:
        return [folder + name for name in sorted(os.listdir(folder or "."))]
    except OSError:
        return []


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
