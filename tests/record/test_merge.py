"""Rows of several directories made one: all of them, in order, in little memory, or nothing."""

import os
from contextlib import closing

import pyarrow.parquet as pq
import pytest
from linear_sweep import assert_same
from recorded import append, finished, measured, supplement, write

from sweepgd.core.errors import SweepgdError
from sweepgd.record import Store, exclusively, load
from sweepgd.record.merge import combine, source
from sweepgd.record.parquet_reader import Damaged
from sweepgd.record.schema import SCHEMAS

SWEEP = "name = 'written'\n"


def silent(line):
    raise AssertionError(line)


def sources(tmp_path, *names):
    return [source(load(tmp_path / name), silent) for name in names]


@pytest.fixture
def shards(tmp_path):
    """Trials 0 to 29 of two replicates in directories `0`, `1` and `2`, out of order, and all of them in `whole`."""
    for index in range(3):
        numbers = [*range(index, 30, 3)][::-1]
        write(tmp_path / str(index), [[finished(number, 2) for number in numbers[start : start + 4]] for start in (0, 4, 8)])
    write(tmp_path / "whole", [[finished(number, 2) for number in range(30)]])
    for name, numbers in {"1": [4], "2": [2, 5], "whole": [2, 4, 5]}.items():
        with closing(Store.open(tmp_path / name, SWEEP)) as store:
            for number in numbers:
                supplement(store, measured(number, 1, value=float(number)))
                supplement(store, measured(number, 0, value=-float(number)))
    return tmp_path


def test_rows_are_those_of_all_in_order(shards):
    combine(sources(shards, "2", "0", "1"), shards / "out", SWEEP)
    assert_same(load(shards / "whole"), load(shards / "out"))
    for table in SCHEMAS:
        rows = pq.read_table(shards / "out" / table / "000001.parquet", columns=["trial", "replicate"]).to_pylist()
        keys = [(row["trial"], row["replicate"]) for row in rows]
        assert keys == sorted(keys)
    assert load(shards / "out").curvature["value"].to_pylist() == [-2.0, 2.0, -4.0, 4.0, -5.0, 5.0]


def test_neighbouring_trials_are_written_a_few_at_a_time(shards, monkeypatch):
    monkeypatch.setattr("sweepgd.record.parts.GROUP_BYTES", 4000)
    combine(sources(shards, "0", "1", "2"), shards / "out", SWEEP)
    assert_same(load(shards / "whole"), load(shards / "out"))
    file = pq.ParquetFile(shards / "out" / "trials" / "000001.parquet").metadata
    sizes = [file.row_group(group).num_rows for group in range(file.num_row_groups)]
    assert sum(sizes) == 60
    assert max(sizes) <= 10
    assert sorted(path.name for path in (shards / "out").iterdir()) == sorted([*SCHEMAS, "log", "sweep.toml"])


def test_a_log_that_is_not_published_counts_too(tmp_path):
    write(tmp_path / "0", [[finished(0)]])
    store = Store.open(tmp_path / "1", SWEEP)
    append(store, finished(1))
    store.flush()
    with pytest.raises(SweepgdError, match=r"1 is being written by process \d+ on "):
        source(load(tmp_path / "1"), silent)
    store._log.close()  # as where the process is killed
    os.close(store._lock)
    combine(sources(tmp_path, "0", "1"), tmp_path / "out", SWEEP)
    assert load(tmp_path / "out").trials["trial"].to_pylist() == [0, 1]


def test_a_damaged_part_leaves_nothing(shards):
    given = sources(shards, "0", "1", "2")
    path = shards / "1" / "minima" / "000002.parquet"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(Damaged, match=r"1/minima/000002.parquet cannot be read"):
        combine(given, shards / "out", SWEEP)
    assert sorted(each.name for each in shards.iterdir()) == ["0", "1", "2", "whole"]


def test_a_merge_that_was_killed_is_begun_anew(shards):
    begun = shards / ".out.merging"
    write(begun, [[finished(99)]])
    (begun / "unsorted").mkdir()
    (begun / "unsorted" / "0.arrow").write_bytes(b"torn")
    with exclusively(begun), pytest.raises(SweepgdError, match=r"merging is being written by process"):
        combine(sources(shards, "0", "1", "2"), shards / "out", SWEEP)
    combine(sources(shards, "0", "1", "2"), shards / "out", SWEEP)
    assert_same(load(shards / "whole"), load(shards / "out"))
    assert not begun.exists()
