"""A search on two hosts that share no folder, whose link is cut for 20 s: nothing is lost, and nothing there twice."""

import sys
import time

import pytest
from commands import process, started, wait_for_rows
from dask_cluster import DaskCluster
from hosts import two_hosts
from linear_sweep import LINEAR, assert_same, sweep, sweep_file

from sweepgd import load, search

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="needs network namespaces")]

CUT_SECONDS = 20.0
TRIALS = 60
# A trial takes 0.15 s or more, so that the search outlasts the cut.
LONG = ("budget.epochs=5000", "budget.eval_every=85000", f"search.trials={TRIALS}")


@pytest.fixture
def hosts(short_folder):
    with two_hosts(short_folder) as made:
        if made is None:
            pytest.skip("network namespaces cannot be made here")
        yield made


@pytest.mark.parametrize("scheduler", ["a", "b"])
def test_a_link_that_is_cut_loses_nothing(scheduler, hosts, tmp_path):
    """The driver is on host a, the workers on b, and the scheduler on either."""
    out = tmp_path / "out"
    sets = [part for override in LONG for part in ("--set", override)]
    address = {"a": "10.213.0.1", "b": "10.213.0.2"}[scheduler]
    with DaskCluster(tmp_path, host=address, launcher=hosts.launcher(scheduler), env=hosts.environment(scheduler)) as cluster:
        for _ in range(2):
            cluster.add_worker(launcher=hosts.launcher("b"), env=hosts.environment("b"))
        command = process("search", sweep_file(tmp_path, LINEAR), "--out", str(out), "--on", cluster.address, *sets)
        with started([*hosts.launcher("a"), *command], env=hosts.environment("a")) as driver:
            wait_for_rows(out, 10, driver)
            hosts.set_link("down")
            before = load(out).trials.select(["trial", "finished_at"]).to_pylist()
            time.sleep(CUT_SECONDS)
            hosts.set_link("up")
            _, err = driver.communicate()
        assert driver.returncode == 0, err
    trials = load(out).trials
    assert len(before) < TRIALS
    assert trials["trial"].to_pylist() == list(range(TRIALS))
    after = trials.select(["trial", "finished_at"]).to_pylist()
    assert all(row in after for row in before)
    assert set(trials["status"].to_pylist()) == {"completed"}
    assert_same(load(out), search(sweep(*LONG), out=tmp_path / "whole", workers=2))
