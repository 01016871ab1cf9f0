"""A repair that is interrupted at any point can be repeated, and results that are recorded in between are kept."""

import errno
import shutil
from contextlib import suppress
from functools import partial
from itertools import count

import pytest
from disk_faults import Crash, Disk, Dying
from recorded import append, finished, measured, supplement, write

from sweepgd.core.errors import SweepgdError
from sweepgd.record import Store, load
from sweepgd.record.repair import repair
from sweepgd.record.verify import verify

SWEEP = "name = 'written'\n"


@pytest.fixture(params=["with its log", "with half its log", "without"])
def damaged(request, tmp_path):
    """Two segments, trials 0 and 1, and 2 and 3; trials and minima of the second are damaged. Also the lost trials."""
    directory = tmp_path / "damaged"
    write(directory, [[finished(0), finished(1)], [finished(2), finished(3)]])
    for table in ("trials", "minima"):
        path = directory / table / "000002.parquet"
        path.write_bytes(path.read_bytes()[:-9])
    log = directory / "log" / "000002.log"
    if request.param == "without":
        log.unlink()
    elif request.param == "with half its log":
        data = bytearray(log.read_bytes())
        data[100] ^= 1
        log.write_bytes(data)
    return directory, {"with its log": set(), "with half its log": {2}, "without": {2, 3}}[request.param]


def record(directory, trials):
    store = Store.open(directory, SWEEP)
    for trial in trials:
        append(store, finished(trial))
        supplement(store, measured(trial))
    store.close()


@pytest.mark.parametrize("ending", [Dying, partial(Disk, kind=errno.EIO)], ids=["killed", "EIO"])
def test_results_recorded_after_an_interrupted_repair_are_kept(damaged, ending, tmp_path):
    directory, lost = damaged
    continued = 0
    for last in count(step=3):
        out = shutil.copytree(directory, tmp_path / "out")
        with pytest.MonkeyPatch.context() as patch:
            disk = ending(last, patch=patch)
            with suppress(Crash, SweepgdError):
                repair(out)
        expected = {0, 1, 2, 3} - lost
        with suppress(SweepgdError):  # its damaged trials part may still be there
            record(out, [7, 8])
            record(out, [9])
            expected |= {7, 8, 9}
            continued += 1
        repair(out)
        assert verify(out).findings == []
        results = load(out)
        assert results.trials["trial"].to_pylist() == sorted(expected)
        assert results.curves["trial"].to_pylist() == [trial for trial in sorted(expected) for _ in range(3)]
        assert results.minima["trial"].to_pylist() == sorted(expected)
        assert results.curvature["trial"].to_pylist() == sorted(expected & {7, 8, 9})
        if disk.left >= 0:
            break
        shutil.rmtree(out)
    assert continued >= 3
