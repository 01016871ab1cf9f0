"""Choose the engine of a command: the local pool, or the workers of an executor or a Dask client."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sweepgd.execution.clusters import Cluster
from sweepgd.execution.engine import Engine
from sweepgd.execution.messages import Study
from sweepgd.execution.pool import Pool
from sweepgd.execution.pruners import PruningTable
from sweepgd.execution.requirements import requirements
from sweepgd.execution.run_options import RunOptions, is_dask
from sweepgd.execution.worker_process import TaskFunction, WorkerSetup
from sweepgd.sweep import Sweep


@dataclass(frozen=True)
class Work:
    """The work of one command. Workers call `run(context, task, report, keep)` for each task of a sweep. `data` holds the
    prepared data.
    """

    sweep: Sweep
    run: TaskFunction
    data: Path | None
    optimizers: Sequence[str] = ()
    schedules: Sequence[str] = ()
    rungs: int = 0
    """The number of rungs at which a trial may be pruned."""
    table: Callable[[], PruningTable] | None = None


@contextmanager
def opened(options: RunOptions) -> Iterator[Any]:
    """Yield the executor of the options. For a Cluster, yield a Dask client, which is closed when the context ends.

    Raises SweepgdError if the cluster is unreachable.
    """
    if isinstance(options.executor, Cluster):
        with options.executor.client(options.progress.note) as client:
            yield client
    else:
        yield options.executor


def _files_in(folder: Path) -> dict[str, bytes]:
    """Return the contents of all files under a folder, by relative path."""
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def make(work: Work, options: RunOptions, executor: Any, tasks: int) -> Engine:
    """Return an engine for this number of tasks. `executor` is a Dask client, an Executor, or None for local processes."""
    note = options.progress.note
    # With pruning or a deadline, a worker may hold no second task, because the decision to begin that task comes later.
    ahead = not work.rungs and options.timeout is None
    if executor is None:
        setup = WorkerSetup(work.sweep, work.run, work.data, options.plugins)
        return Pool(setup, options.local_workers(tasks), note, ahead=ahead, task_timeout=options.task_timeout)
    from sweepgd.execution.remote_pool import RemotePool

    study = Study(
        id=uuid4().hex[:12],
        sweep=work.sweep,
        run=work.run,
        optimizers=tuple(work.optimizers),
        requirements=requirements(work.sweep, work.optimizers, work.schedules),
        data={} if work.data is None else _files_in(work.data),
        plugins={plugin.name: plugin.read_bytes() for plugin in options.plugins},
        trial_timeout=options.task_timeout,
        ahead=ahead,
    )
    if is_dask(executor):
        from sweepgd.execution.dask_transport import DaskTransport

        return RemotePool(DaskTransport(executor, study), note, rungs=work.rungs, table=work.table)
    from sweepgd.execution.executor_transport import ExecutorTransport

    return RemotePool(ExecutorTransport(executor, study, note, options.workers), note, rungs=work.rungs, table=work.table)
