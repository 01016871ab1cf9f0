"""The outcome of a run, with the status and message that are recorded."""

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
