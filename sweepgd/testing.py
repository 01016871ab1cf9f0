"""The conformance kit of the plugin contracts: `check` for an author's own tests, and what `sweepgd plugin check` runs."""

from sweepgd.plugins.checks import (
    FAILED,
    PASSED,
    SECONDS,
    Finding,
    Subject,
    check,
    checks,
    failures,
    is_file,
    plugins_in,
    plugins_of,
)

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
