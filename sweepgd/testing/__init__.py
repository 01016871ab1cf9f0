"""The conformance kit of the plugin contracts: `sweepgd plugin check`, and `check` for an author's own tests."""

from collections.abc import Iterator
from typing import Any

from sweepgd.testing.finding import FAILED, PASSED, Finding, failures
from sweepgd.testing.isolated import findings, plugins_in
from sweepgd.testing.subject import Subject, is_file, plugins_of

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
    """Check an optimizer, model, data set or schedule, or the installed one of a name; yield (name, outcome, detail) of each.

    They run in a process of their own, which must be able to import the plugin's functions; a check that takes longer
    than `seconds`, compiling aside, fails, and so does one that ends its process. Raise Problem with JIT off.
    """
    return findings(plugin, seconds)


def check(plugin: Any, *, seconds: float = SECONDS) -> None:
    """Raise AssertionError with a line for each check that fails; for the tests of a plugin's package."""
    failed = failures(list(checks(plugin, seconds=seconds)))
    if failed:
        name = plugin if isinstance(plugin, str) else getattr(plugin, "name", repr(plugin))
        raise AssertionError("\n".join([f"{name!r} breaks the contract:", *map(str, failed)]))
