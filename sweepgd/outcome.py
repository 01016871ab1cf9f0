"""How a run ended. Every ending is a row of the record, and says why."""

from dataclasses import dataclass

COMPLETED = "completed"
DIVERGED = "diverged"
PRUNED = "pruned"
FAILED = "failed"
TIMED_OUT = "timed_out"


@dataclass(frozen=True)
class Outcome:
    """One of the five endings with its message; where it diverged, the update and the last finite mini-batch loss."""

    status: str
    message: str
    diverged_at_update: int | None = None
    last_finite_loss: float | None = None
