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


# A run that lasted this part of a worker's life counts as one that had all of it.
WHOLE_LIFE = 0.9


@dataclass(frozen=True)
class PlannedEnd:
    """A worker has ended as planned, as at its walltime, while a block ran."""

    ran: float
    """The seconds that the block had run."""
    longest_life: float
    """The seconds that the study had the worker, or another one that has ended as planned, the longest of all."""

    @property
    def whole_life(self) -> bool:
        """True if no worker that ends as planned gives a block more time."""
        return self.ran >= WHOLE_LIFE * self.longest_life


@dataclass(frozen=True)
class BlockLost:
    """A block's worker has gone. `blameless` if a trial cannot have caused it: the block had not begun, or the worker ended as
    planned."""

    block: int
    blameless: bool
    end: PlannedEnd | None = None
    why: str = "its worker was lost"


@dataclass(frozen=True)
class RungReported:
    """A trial of a block waits at a rung."""

    block: int
    report: RungReport


TransportEvent = BlockEnded | BlockLost | RungReported


class Transport(Protocol):
    """Carries blocks to workers and their outcomes back. Raises SweepgdError where the system is gone."""

    block_seconds: float
    """The time that a block should take."""
    answers: bool
    """True if a worker can wait for the driver's answer in the middle of a block."""
    where: str
    """The place where the workers are, such as the address of a scheduler."""

    @property
    def slots(self) -> int:
        """The number of blocks that run at a time; changes as workers come and go."""

    def open(self) -> None:
        """Begin to look for workers."""

    def can_run(self, seconds: float) -> bool:
        """True if some worker is not expected to end before a run of more than so many seconds."""

    def submit(self, block: Block, seconds: float = 0.0) -> None:
        """Send a block to a worker, one that `can_run` as long where there is one."""

    def events(self, timeout: float) -> list[TransportEvent]:
        """Return what has happened since the last call; wait for something at most `timeout` seconds."""

    def answer(self, block: int, prune: bool) -> None:
        """Tell the trial that waits at a rung to stop, or to go on."""

    def withdraw(self, drain: bool) -> None:
        """Let all blocks begin no further task; with `drain`, `close` follows soon."""

    def close(self) -> None:
        """End all that runs on the workers, as far as the system can."""
