"""Each write, fsync, rename and removal of a small study fails in turn: flushed results are never lost."""

import errno
import shutil
from itertools import count

import pytest
from disk_faults import SHORT, Disk
from recorded import append, finished, measured, supplement

from sweepgd.core.errors import SweepgdError
from sweepgd.record import Store, load
from sweepgd.record.compact import compact
from sweepgd.record.verify import verify

SWEEP = "name = 'faulty'\n"


def run_study(directory, flushed):
    """Write a study in two sessions and compact it. `flushed` receives the trials that must not be lost."""
    for session in ((0, 1), (2, 3)):
        store = Store.open(directory, SWEEP)
        try:
            for trial in session:
                append(store, finished(trial, points=2))
                supplement(store, measured(trial))
                store.flush()
                flushed.add(trial)
                store.publish()
        finally:
            store.close()
    compact(directory)


def check(directory, flushed, most):
    results = load(directory)
    trials = results.trials["trial"].to_pylist()
    assert trials == sorted(set(trials))
    assert flushed <= set(trials) <= most
    assert results.curves["trial"].to_pylist() == [trial for trial in trials for _ in range(2)]
    assert results.minima["trial"].to_pylist() == trials
    measures = results.curvature["trial"].to_pylist()
    assert measures == sorted(set(measures))
    assert flushed <= set(measures) <= set(trials)
    assert verify(directory).damaged == []


@pytest.mark.parametrize("every", [13, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", [errno.ENOSPC, errno.EIO, SHORT], ids=["ENOSPC", "EIO", "short"])
def test_no_fault_of_the_disk_loses_flushed_results(tmp_path, kind, every):
    remedy = "check its disk" if kind == errno.EIO else "free some space there"
    messages = []
    for last in count(step=every):
        directory, flushed = tmp_path / "out", set()
        with pytest.MonkeyPatch.context() as patch:
            disk = Disk(last, patch, kind)
            try:
                run_study(directory, flushed)
            except SweepgdError as problem:
                messages.append(str(problem))
            if disk.left >= 0:
                break
        if (directory / "sweep.toml").exists():
            check(directory, flushed, {0, 1, 2, 3})
        store = Store.open(directory, SWEEP)
        assert flushed <= store.recorded
        append(store, finished(7, points=2))
        supplement(store, measured(7))
        store.close()
        check(directory, flushed | {7}, {0, 1, 2, 3, 7})
        shutil.rmtree(directory)
    assert flushed == {0, 1, 2, 3}
    assert len(messages) > 150 // every
    assert all(f"cannot write {tmp_path}" in line and remedy in line for line in messages)
