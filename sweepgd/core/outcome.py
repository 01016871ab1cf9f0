"""The outcome of a run, with the status and message that are recorded."""

from collections.abc import Collection
from dataclasses import dataclass

COMPLETED = "completed"
DIVERGED = "diverged"
PRUNED = "pruned"
FAILED = "failed"
TIMED_OUT = "timed_out"


@dataclass(frozen=True)
class Outcome:
    """A status with its message. The outcome of a diverged run also has the update and the last finite mini-batch loss."""

    status: str
    message: str
    diverged_at_update: int | None = None
    last_finite_loss: float | None = None


def worst(statuses: Collection[str]) -> str:
    """Return the status of a trial, which is the worst status of its replicates. The order from worst to best is failed, timed
    out, pruned, diverged, completed.
    """
    return next((status for status in (FAILED, TIMED_OUT, PRUNED, DIVERGED) if status in statuses), COMPLETED)
