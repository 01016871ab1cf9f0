"""The results of the checks."""

from collections.abc import Sequence
from typing import NamedTuple

PASSED, FAILED = "passed", "FAILED"


class Finding(NamedTuple):
    """The name of a check, its `outcome` (`PASSED` or `FAILED`), and a description of the result."""

    name: str
    outcome: str
    detail: str

    def __str__(self) -> str:
        return f"{self.outcome} {self.name:<13} {self.detail}"


class Flaw(Exception):
    """Raised by a check if the plugin breaks the contract. The text describes the fault."""


def failures(findings: Sequence[Finding]) -> list[Finding]:
    """Return the failed findings."""
    return [finding for finding in findings if finding.outcome == FAILED]
