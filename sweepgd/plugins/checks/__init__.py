"""Checks that a plugin keeps to its contract. `sweepgd plugin check` runs the checks, and authors call `check` in their own
tests.
"""

from collections.abc import Iterator
from typing import Any

from sweepgd.plugins.checks.finding import FAILED, PASSED, Finding, failures
from sweepgd.plugins.checks.isolated import findings, plugins_in
from sweepgd.plugins.checks.subject import Subject, is_file, plugins_of

__all__ = [
    "FAILED",
    "PASSED",
    "SECONDS",
    "Finding",
    "Subject",
    "check",
    "checks",
    "failures",
    "is_file",
    "plugins_in",
    "plugins_of",
]

SECONDS = 20.0


def checks(plugin: Any, *, seconds: float = SECONDS) -> Iterator[Finding]:
    """Yield the finding of each check of `plugin`, an optimizer, model, layer, data set or schedule, or the name of a plugin.

    The checks run in a separate process, which must be able to import the functions of the plugin. A check fails if it takes
    longer than `seconds`, not counting compilation, or if its process ends. Raises SweepgdError if JIT is off.
    """
    return findings(plugin, seconds)


def check(plugin: Any, *, seconds: float = SECONDS) -> None:
    """Raise AssertionError with a line for each failed check. Use this in the tests of a plugin package."""
    failed = failures(list(checks(plugin, seconds=seconds)))
    if failed:
        name = plugin if isinstance(plugin, str) else getattr(plugin, "name", repr(plugin))
        raise AssertionError("\n".join([f"{name!r} breaks the contract:", *map(str, failed)]))
