"""The messages between the driver of a study and the processes on other machines that run its trials."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sweepgd.execution.requirements import Requirements
from sweepgd.execution.worker_process import TaskFunction
from sweepgd.sweep import Sweep

if TYPE_CHECKING:
    from sweepgd.execution.pruners import PruningTable  # imports Optuna, which is needed only for pruning


@dataclass(frozen=True, eq=False)
class Study:
    """All that a machine needs to run trials of a study, except installed packages. A worker receives this message once."""

    id: str
    sweep: Sweep
    run: TaskFunction
    """The function that runs a task (see `sweepgd.execution.pool.Pool`). It must be defined at the top level of a module."""
    optimizers: tuple[str, ...]
    """The optimizers whose kernels are compiled before the first trial."""
    requirements: Requirements
    """The software that must be installed (see `sweepgd.execution.requirements`)."""
    data: Mapping[str, bytes]
    """The files of the prepared data, by path within a folder. Empty if each replicate draws its own data."""
    plugins: Mapping[str, bytes]
    """The sources of single-file plugins, by file name."""
    trial_timeout: float | None
    """The time limit of a trial in seconds."""
    ahead: bool
    """True if tasks may wait in the queue of a worker process. False if only an idle process may get a task."""


@dataclass(frozen=True)
class Block:
    """Tasks that are sent together. `table` is None if trials are not pruned, or if the driver decides about pruning."""

    number: int
    tasks: tuple[Any, ...]
    table: "PruningTable | None" = None


@dataclass(frozen=True)
class RungReport:
    """The mean objective of a trial at a rung (a percentage of the budget). `judged` is True if the worker has already decided
    about pruning.
    """

    task: Any
    percent: int
    mean: float
    judged: bool


@dataclass(frozen=True)
class Returned:
    """The results of a block that has ended."""

    events: list[Any] = field(default_factory=list)
    """Results, `Lost` tasks, and RungReports that the worker judged with the block's table, in the order of time."""
    not_begun: list[Any] = field(default_factory=list)
    """Tasks that were not begun, because the block took too long or was withdrawn."""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Refused:
    """The reason why a worker cannot run the study at all, in one line."""

    message: str


@dataclass(frozen=True)
class HelperLost:
    """The process that ran a block has ended. `ending` says how, such as "by signal SIGKILL"."""

    ending: str


@dataclass(frozen=True)
class StudyMissing:
    """The worker has not received the study yet."""


@dataclass(frozen=True)
class Answer:
    """The driver's decision about the trial that waits at a rung."""

    prune: bool


@dataclass(frozen=True)
class Withdraw:
    """An order to begin no further task. With `drain`, running tasks have little time left, and no block follows."""

    drain: bool
