"""The options of a command for its tasks: workers, time limits, plugins and progress."""

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweepgd.core.errors import UsageError
from sweepgd.execution.clusters import Cluster
from sweepgd.execution.fork_server import cores
from sweepgd.record.commit_results import NoProgress, Progress


def absolute_paths(files: Iterable[str | Path]) -> tuple[Path, ...]:
    """Return the paths of plugin files as absolute paths, so that other processes can use the paths."""
    return tuple(Path(file).resolve() for file in files)


@dataclass(frozen=True)
class RunOptions:
    """The workers, time limits, plugins and progress of a command.

    Raises UsageError for an executor of an unknown type, or if both a cluster and a number of local workers are given.
    """

    workers: int | None = None
    """The number of local processes. None means one process per core."""
    executor: Any = None
    """A dask.distributed.Client, concurrent.futures.Executor or Cluster, or None for local processes."""
    timeout: float | None = None
    """The time in seconds after which no task begins."""
    task_timeout: float | None = None
    """The time in seconds after which a task is stopped."""
    plugins: tuple[Path, ...] = ()
    """Single-file plugins."""
    progress: Progress = field(default_factory=NoProgress)

    def __post_init__(self) -> None:
        if self.executor is None:
            return
        # a ClientExecutor wraps a Client, which can do more
        if _is_of_distributed(self.executor, "cfexecutor", "ClientExecutor"):
            object.__setattr__(self, "executor", self.executor._client)
        if is_dask(self.executor):
            _check_client(self.executor)
        elif not isinstance(self.executor, (Executor, Cluster)):
            raise UsageError(
                f"executor {type(self.executor).__name__}: give a dask.distributed.Client or a concurrent.futures.Executor"
            )
        if self.workers is not None and not isinstance(self.executor, Executor):
            raise UsageError(
                "workers is a number of local processes, but the executor has its own workers: give only one of them"
            )

    def check_there(self) -> None:
        """Raise SweepgdError if nothing listens at the cluster's address."""
        if isinstance(self.executor, Cluster):
            self.executor.check_there()

    def local_workers(self, tasks: int) -> int:
        """Return the number of local processes for a number of tasks, at most one process per task."""
        return max(1, min(self.workers or cores(), tasks))

    def location(self, tasks: int) -> str:
        """Return the place where tasks run, such as "2 workers" or "the workers of tcp://host:8786"."""
        if self.executor is None:
            count = self.local_workers(tasks)
            return f"{count} worker{'s' * (count > 1)}"
        if isinstance(self.executor, Cluster):
            return f"the workers of {self.executor.on}"
        if is_dask(self.executor):
            return f"the workers of {self.executor.scheduler.address}"
        return f"the workers of {type(self.executor).__name__}"


def is_dask(executor: Any) -> bool:
    """Return True for a dask.distributed.Client. Dask is not imported for this check."""
    return _is_of_distributed(executor, "client", "Client")


def _is_of_distributed(executor: Any, module: str, name: str) -> bool:
    return any((kind.__module__, kind.__name__) == (f"distributed.{module}", name) for kind in type(executor).__mro__)


def _check_client(client: Any) -> None:
    """Raise UsageError for a Dask client that cannot carry a search."""
    if client.asynchronous:
        raise UsageError("executor: the Dask client is asynchronous: give a client that was made without asynchronous=True")
    if client.status != "running":
        raise UsageError(f"executor: the Dask client is {client.status}: give a client that is connected to its scheduler")
