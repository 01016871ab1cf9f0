"""Repair of damaged parts: they are set aside, and rebuilt from a log that still has their rows."""

import os
import shutil

import pytest
from disk_faults import DAMAGE, damage
from recorded import append, finished

from sweepgd.core.errors import SweepgdError
from sweepgd.record import Store, load
from sweepgd.record.repair import repair
from sweepgd.record.verify import verify

TABLES = ("trials", "curves", "minima", "curvature")
SWEEP = "name = 'written'\n"


def trials(directory):
    return load(directory).trials["trial"].to_pylist()


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_part_is_named_and_rebuilt_from_its_log(out, table, how):
    path = out / table / "000003.parquet"
    before = load(out)
    tables = {name: getattr(before, name) for name in TABLES}
    damage(path, how)
    assert [finding.path for finding in verify(out).damaged] == [path]
    with pytest.raises(SweepgdError, match=rf"000003\.parquet cannot be read: .*: sweepgd verify {out} --repair"):
        getattr(load(out), table)
    (done,) = repair(out)
    assert (done.path, done.aside) == (path, out / "damaged" / table / path.name)
    assert done.outcome == "rebuilt from log/000003.log"
    assert done.aside.exists()
    assert verify(out).findings == []
    for name, rows in tables.items():
        assert getattr(load(out), name).equals(rows)


def test_damaged_trials_without_a_log_can_be_run_again(out):
    damage(out / "trials" / "000001.parquet", "page")
    with pytest.raises(SweepgdError, match=r"trials/000001\.parquet cannot be read"):
        Store.open(out, SWEEP)
    done = repair(out)
    assert [each.aside for each in done] == [
        out / "damaged" / table / "000001.parquet" for table in ("trials", "curves", "minima", "curvature")
    ]
    assert done[0].outcome == "trials of 2 trials, 0 to 1, lost; run the same sweepgd search to repeat missing trials"
    assert trials(out) == [2, 3, 3]
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    assert duckdb.sql(f"select count(*) from '{out}/trials/*.parquet'").fetchall() == [(3,)]
    assert verify(out).findings == []
    store = Store.open(out, SWEEP)
    assert store.recorded == {2, 3}
    append(store, finished(0))
    append(store, finished(1))
    store.close()
    assert trials(out) == [0, 1, 2, 3, 3]
    assert load(out).curves["trial"].to_pylist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 6
    assert verify(out).findings == []


@pytest.mark.parametrize("table", ["trials", "minima"])
def test_a_damaged_part_is_rebuilt_from_a_damaged_log(out, table):
    store = Store.open(out, SWEEP)
    append(store, finished(4))
    append(store, finished(5))
    store.close()
    for path in (out / table / "000004.parquet", log := out / "log" / "000004.log"):
        data = bytearray(path.read_bytes())
        data[100] ^= 1
        path.write_bytes(data)
    found = repair(out)
    assert found[0].path == log
    assert found[0].outcome.startswith("its undamaged records are published; ")
    started = f"rows in log/000004.log are rebuilt; other {table} of 2 trials, 4 to 5, lost"
    assert [each.outcome.startswith(started) for each in found if each.path == out / table / "000004.parquet"] == [True]
    assert len(found) == (5 if table == "trials" else 2)
    assert trials(out) == [0, 1, 2, 3, 3, *([5] if table == "trials" else [4, 5])]
    assert load(out).minima["trial"].to_pylist()[-2:] == [3, 5]
    assert verify(out).findings == []


@pytest.mark.parametrize("table", ["curves", "minima", "curvature"])
def test_a_lost_part_of_another_table_keeps_trials_and_other_rows(out, table):
    damage(out / table / "000001.parquet", "truncated")
    (done,) = repair(out)
    assert done.aside == out / "damaged" / table / "000001.parquet"
    assert "lost" in done.outcome
    assert trials(out) == [0, 1, 2, 3, 3]
    assert set(getattr(load(out), table)["trial"].to_pylist()) == (set() if table == "curvature" else {2, 3})
    assert verify(out).findings == []


def test_missing_and_duplicate_parts_are_named(out):
    (out / "trials" / "000001.parquet").unlink()
    shutil.copy(out / "trials" / "000002.parquet", out / "trials" / "000004.parquet")
    found = {finding.path.relative_to(out).as_posix(): finding.reason for finding in verify(out).damaged}
    assert found["trials/000001.parquet"] == "it is missing, but its curves or minima exist"
    assert found["trials/000004.parquet"] == "it repeats trial 2, replicate 0"
    assert found["curves/000004.parquet"] == "it is missing"
    repair(out)
    assert trials(out) == [2, 3, 3]
    assert verify(out).findings == []


def test_damage_set_aside_twice_is_kept_twice(out):
    for _ in range(2):
        damage(out / "minima" / "000003.parquet", "empty")
        repair(out)
    assert sorted(os.listdir(out / "damaged" / "minima")) == ["000003.2.parquet", "000003.parquet"]


def test_a_missing_trials_part_is_rebuilt_from_its_log(out):
    part = out / "trials" / "000003.parquet"
    before = part.read_bytes()
    part.unlink()
    (finding,) = verify(out).findings
    assert (finding.path, finding.damage) == (part, False)
    assert finding.reason == "it is missing, but its rows are in log/000003.log: the next search or --repair rebuilds it"
    (done,) = repair(out)
    assert (done.path, done.aside, done.outcome) == (part, None, "rebuilt from log/000003.log")
    assert part.read_bytes() == before
    assert verify(out).findings == []
