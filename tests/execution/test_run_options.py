"""The options of a command that say where its tasks run."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sweepgd.core.errors import UsageError
from sweepgd.execution.clusters import Cluster
from sweepgd.execution.fork_server import cores
from sweepgd.execution.run_options import RunOptions


@pytest.mark.parametrize(("workers", "tasks", "processes"), [(3, 10, 3), (3, 2, 2), (3, 0, 1), (None, 10**6, cores())])
def test_no_more_local_processes_than_tasks(workers, tasks, processes):
    assert RunOptions(workers=workers).local_workers(tasks) == processes


def test_where_tasks_run():
    assert RunOptions(workers=1).location(5) == "1 worker"
    assert RunOptions(workers=2).location(5) == "2 workers"
    assert RunOptions(executor=Cluster("slurm", 2)).location(5) == "the workers of slurm"
    with ThreadPoolExecutor() as executor:
        assert RunOptions(workers=2, executor=executor).location(5) == "the workers of ThreadPoolExecutor"


def test_local_workers_beside_a_cluster_are_refused():
    with pytest.raises(UsageError, match=r"^workers is a number of local processes, but the executor has its own workers"):
        RunOptions(workers=2, executor=Cluster("slurm", 2))
    with pytest.raises(UsageError, match=r"^executor int: give a dask.distributed.Client or a concurrent.futures.Executor$"):
        RunOptions(executor=3)
