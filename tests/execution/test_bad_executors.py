"""Executors that cannot run a search: one line, and no trial."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from linear_sweep import sweep

from sweepgd import load, search
from sweepgd.core.errors import SweepgdError, UsageError

distributed = pytest.importorskip("distributed", reason="distributed is not installed")


def test_a_local_cluster_and_a_closed_client_in_place_of_a_client(tmp_path):
    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster:
        client = distributed.Client(cluster, set_as_default=False)
        client.close()
        lines = {
            cluster: "executor LocalCluster: give a dask.distributed.Client or a concurrent.futures.Executor",
            client: "executor: the Dask client is closed: give a client that is connected to its scheduler",
        }
        for executor, line in lines.items():
            with pytest.raises(UsageError, match=f"^{re.escape(line)}$"):
                search(sweep(), out=tmp_path / "out", executor=executor)
    assert not (tmp_path / "out").exists()


def test_an_asynchronous_client(tmp_path):
    async def connected(address):
        async with distributed.Client(address, asynchronous=True, set_as_default=False) as client:
            with pytest.raises(UsageError) as refused:
                search(sweep(), out=tmp_path / "out", executor=client)
            return str(refused.value)

    with distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster:
        line = asyncio.run(connected(cluster.scheduler_address))
    assert line == "executor: the Dask client is asynchronous: give a client that was made without asynchronous=True"
    assert not (tmp_path / "out").exists()


def test_an_executor_that_is_shut_down(tmp_path):
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(
        SweepgdError, match=r"^the executor cannot run trials \(RuntimeError: cannot schedule new futures after shutdown\)"
    ):
        search(sweep(), out=tmp_path / "out", executor=executor)
    assert load(tmp_path / "out").trials.num_rows == 0
