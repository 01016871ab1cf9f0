"""The engine of a search or a measurement: the local pool, or workers behind an executor or a Dask client."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sweepgd.execution.clusters import Cluster
from sweepgd.execution.engine import Engine
from sweepgd.execution.messages import Study
from sweepgd.execution.requirements import requirements
from sweepgd.problem import UsageProblem
from sweepgd.processes import cores
from sweepgd.pruners import PruningTable
from sweepgd.sweep import Sweep
from sweepgd.worker_process import Run
from sweepgd.workers import Pool


@dataclass(frozen=True)
class Work:
    """The tasks of one command: `run(lab, task, report, keep)` of a sweep, whose prepared data are in the folder `data`."""

    sweep: Sweep
    run: Run
    data: Path | None
    plugins: Sequence[Path]
    optimizers: Sequence[str] = ()
    schedules: Sequence[str] = ()
    trial_timeout: float | None = None
    has_deadline: bool = False
    """True if no task may begin after a deadline."""
    rungs: int = 0
    """The number of points at which a trial may be pruned."""
    table: Callable[[], PruningTable] | None = None


def check(executor: Any, workers: int | None) -> None:
    """Raise UsageProblem for an executor that is of no known kind, or that is given beside a number of local workers."""
    if executor is None:
        return
    if not isinstance(executor, (Executor, Cluster)) and not _is_dask(executor):
        raise UsageProblem(
            f"executor {type(executor).__name__}: give a dask.distributed.Client or a concurrent.futures.Executor"
        )
    if workers is not None and not isinstance(executor, Executor):
        raise UsageProblem("workers are local processes, and the trials run on those of a cluster: give one of both")


def location(executor: Any, workers: int | None, tasks: int) -> str:
    """Return where tasks run, such as "2 workers" or "the workers of tcp://host:8786"."""
    if executor is None:
        count = local_workers(workers, tasks)
        return f"{count} worker{'s' * (count > 1)}"
    if isinstance(executor, Cluster):
        return f"the workers of {executor.on}"
    if _is_dask(executor):
        return f"the workers of {executor.scheduler.address}"
    return f"the workers of {type(executor).__name__}"


def local_workers(workers: int | None, tasks: int) -> int:
    """Return the number of local worker processes: as asked for, or as many as cores, and no more than there are tasks."""
    return max(1, min(workers or cores(), tasks))


@contextmanager
def opened(executor: Any, note: Callable[[str], None]) -> Iterator[Any]:
    """Yield the executor; for a Cluster a Dask client, until the block is left. Raises Problem where it cannot be reached."""
    if isinstance(executor, Cluster):
        with executor.client(note) as client:
            yield client
    else:
        yield executor


def make(work: Work, executor: Any, workers: int | None, tasks: int, note: Callable[[str], None]) -> Engine:
    """Return the engine that runs so many tasks. `executor` is a Dask client, an Executor, or None for local processes."""
    ahead = not work.rungs and not work.has_deadline
    if executor is None:
        return Pool(
            work.sweep,
            work.run,
            local_workers(workers, tasks),
            note,
            shared=work.data,
            plugins=work.plugins,
            ahead=ahead,
            trial_timeout=work.trial_timeout,
        )
    from sweepgd.execution.remote_pool import RemotePool

    study = Study(
        uuid4().hex[:12],
        work.sweep,
        work.run,
        tuple(work.optimizers),
        requirements(work.sweep, work.optimizers, work.schedules),
        {} if work.data is None else {file.name: file.read_bytes() for file in work.data.iterdir()},
        {plugin.name: plugin.read_bytes() for plugin in work.plugins},
        work.trial_timeout,
        ahead,
    )
    if _is_dask(executor):
        from sweepgd.execution.dask_transport import DaskTransport

        return RemotePool(DaskTransport(executor, study), note, rungs=work.rungs, table=work.table)
    from sweepgd.execution.executor_transport import ExecutorTransport

    return RemotePool(ExecutorTransport(executor, study, workers), note, rungs=work.rungs, table=work.table)


def _is_dask(executor: Any) -> bool:
    """Return True for a dask.distributed.Client, without importing Dask where it is not in use."""
    return type(executor).__module__.partition(".")[0] == "distributed"
