"""Records do not depend on where trials ran: Dask, an executor and the local pool give equal tables."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest
from linear_sweep import LINEAR, assert_same, sweep

from sweepgd import load, search

SEARCHES = {
    "random": ("search.trials=9",),
    "grid": ('search.sampler="grid"', "space.learning_rate=[0.01, 0.1]", "optimizer.momentum.beta=[0.5]", "search.trials=9"),
    "quasi_random": ('search.sampler="quasi_random"', "search.trials=9"),
    "settings": ("model={name='mlp'}", "space.model.hidden=[[3],[2,2]]", "space.data.subset=[40,50]", "search.trials=9"),
    "tpe": ('search.sampler="tpe"', "search.trials=9", "search.generation=4", 'measure.measures=["lambda_max"]'),
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Four workers in two processes."""
    distributed = pytest.importorskip("distributed", reason="distributed is not installed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=":0", silence_logs=50) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, get_context("spawn")) as executor:
        yield executor


# A random point is a pure function of seed and trial, as those of the other two are.
ALIKE = ("quasi_random", "grid")


@pytest.mark.parametrize(
    "overrides",
    [pytest.param(given, id=name, marks=[pytest.mark.slow] * (name in ALIKE)) for name, given in SEARCHES.items()],
)
def test_dask_an_executor_and_the_local_pool_record_the_same(overrides, cluster, processes, tmp_path):
    for name, executor in {"here": None, "dask": cluster, "processes": processes}.items():
        search(sweep(*overrides), out=tmp_path / name, executor=executor)
        assert_same(load(tmp_path / "here"), load(tmp_path / name))


@pytest.mark.parametrize("overrides", [SEARCHES["random"], SEARCHES["tpe"]], ids=["random", "tpe"])
def test_a_search_goes_on_elsewhere_and_comes_back(overrides, cluster, tmp_path):
    search(sweep(*overrides), out=tmp_path / "here")
    for trials, executor in ((3, None), (7, cluster), (9, None)):
        search(sweep(*overrides, f"search.trials={trials}"), out=tmp_path / "moved", executor=executor)
    assert_same(load(tmp_path / "here"), load(tmp_path / "moved"))


def test_the_threads_of_an_executor_each_have_a_process_of_their_own(tmp_path):
    with ThreadPoolExecutor(2) as threads:
        search(sweep(), out=tmp_path / "threads", executor=threads)
    search(sweep(), out=tmp_path / "here")
    assert_same(load(tmp_path / "here"), load(tmp_path / "threads"))


def test_the_executor_of_a_dask_client_runs_a_search(cluster, tmp_path):
    search(sweep(), out=tmp_path / "executor", executor=cluster.get_executor())
    search(sweep(), out=tmp_path / "here")
    assert_same(load(tmp_path / "here"), load(tmp_path / "executor"))


def test_data_that_each_replicate_draws_anew_are_equal_elsewhere(cluster, tmp_path):
    redrawn = sweep("data.redraw=true", "search.replicates=2", "search.trials=3", text=LINEAR)
    for name, executor in {"here": None, "dask": cluster}.items():
        search(redrawn, out=tmp_path / name, executor=executor)
    assert_same(load(tmp_path / "here"), load(tmp_path / "dask"))
