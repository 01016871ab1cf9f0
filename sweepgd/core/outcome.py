"""The outcome of a run: its status and message, as they are recorded."""

from dataclasses import dataclass

COMPLETED = "completed"
DIVERGED = "diverged"
PRUNED = "pruned"
FAILED = "failed"
TIMED_OUT = "timed_out"


@dataclass(frozen=True)
class Outcome:
    """A status with its message. If the run diverged, also the update and the last finite mini-batch loss."""

    status: str
    message: str
    diverged_at_update: int | None = None
    last_finite_loss: float | None = None
