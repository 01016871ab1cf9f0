"""The interface between a remote pool and the system that carries its blocks to workers."""

from dataclasses import dataclass
from typing import Protocol

from sweepgd.execution.helpers import BlockOutcome
from sweepgd.execution.messages import Block, RungReport


@dataclass(frozen=True)
class BlockEnded:
    """A block has ended on its worker."""

    block: int
    outcome: BlockOutcome


# A block that ran for this share of the longest known life of a worker counts as having run for a worker's whole life.
WHOLE_LIFE = 0.9


@dataclass(frozen=True)
class PlannedEnd:
    """A worker has ended as planned, for example at its walltime, while it ran a block."""

    ran: float
    """The time in seconds for which the block had run."""
    longest_life: float
    """The longest time, in seconds, for which the study could use any worker that ended as planned, including the worker of
    this event.
    """

    @property
    def whole_life(self) -> bool:
        """True if the block ran for about as long as the longest-lived worker that ended as planned."""
        return self.ran >= WHOLE_LIFE * self.longest_life


@dataclass(frozen=True)
class BlockLost:
    """A block's worker has ended. `blameless` is True if no trial can have caused the end, because the block had not begun or
    the worker ended as planned, for example at its walltime.
    """

    block: int
    blameless: bool
    end: PlannedEnd | None = None
    """The planned end of the worker, if the block had begun."""
    why: str = "its worker was lost"


@dataclass(frozen=True)
class RungReported:
    """A trial of a block waits at a rung."""

    block: int
    report: RungReport


TransportEvent = BlockEnded | BlockLost | RungReported


class Transport(Protocol):
    """Carries blocks to workers, and results back. All methods raise SweepgdError if the cluster or executor has ended."""

    block_seconds: float
    """The intended duration of a block in seconds."""
    answers: bool
    """True if a worker can wait for the driver's answer during a block."""
    where: str
    """The place where the workers are, such as the address of a scheduler."""

    @property
    def slots(self) -> int:
        """The number of blocks that can run at the same time. The number changes when workers come and go."""

    def open(self) -> None:
        """Begin to look for workers."""

    def can_run(self, seconds: float) -> bool:
        """Return True if a worker is expected to live for more than `seconds`."""

    def submit(self, block: Block, seconds: float = 0.0) -> None:
        """Send a block to a worker, if possible to a worker that is expected to live for more than `seconds`."""

    def events(self, timeout: float) -> list[TransportEvent]:
        """Return the events since the last call. If there are no events, wait at most `timeout` seconds for an event."""

    def answer(self, block: int, prune: bool) -> None:
        """Tell the trial that waits at a rung to stop or to continue."""

    def withdraw(self, drain: bool) -> None:
        """Make all blocks begin no further task. With `drain`, a call of `close` follows soon."""

    def close(self) -> None:
        """End everything that runs on the workers, as far as the cluster or executor allows."""
