"""The values that a shell offers for arguments and options: names of plugins and sweeps, and results directories.

A shell waits for them, so nothing heavy is imported and no plugin is loaded. Where nothing is offered, the shell offers files.
"""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from sweepgd.core.bundled_sweeps import bundled

KINDS = ("optimizers", "schedules", "models", "datasets", "sweeps", "measures")


def skip_conversion() -> None:
    """Keep pydantic from being imported while a shell waits.

    Typer converts the values on the command line with it, which takes longer than all else. When it completes, Typer goes on
    without the values that it cannot convert, and needs none of them.
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
    """Offer the bundled sweeps, and the TOML files of the folder that is being typed."""
    return _beginning(incomplete, [*bundled(), *(path for path in _beside(incomplete) if path.endswith(".toml"))])


def results(incomplete: str) -> list[str]:
    """Offer the results directories in `results`, and those in the folder that is being typed."""
    found = dict.fromkeys([*_beside("results/"), *_beside(incomplete)])
    return [path for path in _beginning(incomplete, found) if (Path(path) / "sweep.toml").is_file()]


def _beside(incomplete: str) -> list[str]:
    """Return the paths in the folder of an incomplete path, written as it is."""
    folder = incomplete[: incomplete.rfind("/") + 1]
    try:
        return [folder + name for name in sorted(os.listdir(folder or "."))]
    except OSError:
        return []


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
