"""Checks that a plugin keeps to its contract. Authors call `check` in their own tests; `sweepgd plugin check` runs the same
checks.
"""

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
