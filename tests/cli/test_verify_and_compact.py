"""`sweepgd verify`, `sweepgd compact` and `sweepgd merge`: what they print where, and their exit codes."""

import json
from contextlib import closing

import pytest
from commands import call
from linear_sweep import sweep, sweep_file
from recorded import append, finished, write

from sweepgd.record import Store, load
from sweepgd.record.log import MAGIC
from sweepgd.sweep import to_toml


@pytest.fixture
def run(run, tmp_path):
    """Run the command line beside a results directory `out` of three parts, two of which are there without their log."""
    write(tmp_path / "out", [[finished(0), finished(1)], [finished(2)], [finished(3)]])
    return run


def cut(path):
    path.write_bytes(path.read_bytes()[:-9])


def test_a_whole_directory_is_a_line_and_exit_0(run):
    ended = run("verify", "out")
    assert (ended.code, ended.out, ended.err) == (0, "out: 13 files of 4 trials, undamaged\n", "")
    assert json.loads(run("verify", "out", "--json").out) == {"files": 13, "trials": 4, "findings": []}


def test_damage_is_named_and_exit_1_and_repair_says_what_is_lost(run, tmp_path):
    cut(tmp_path / "out" / "trials" / "000002.parquet")
    cut(tmp_path / "out" / "minima" / "000003.parquet")
    ended = run("verify", "out")
    assert ended.code == 1
    assert [line.partition(": ")[0] for line in ended.out.splitlines()] == [
        "trials/000002.parquet",
        "minima/000003.parquet",
        "out",
    ]
    assert ended.out.endswith("out: 13 files of 3 trials, 2 damaged\n")
    assert ended.err == "sweepgd: to set damaged files aside and continue: sweepgd verify out --repair\n"
    shown = run("analyze", "out")
    assert (shown.code, shown.out, shown.err.count("\n")) == (1, "", 1)
    assert "trials/000002.parquet cannot be read" in shown.err
    assert shown.err.endswith("to set it aside and continue: sweepgd verify out --repair\n")
    repaired = run("verify", "out", "--repair")
    assert (repaired.code, repaired.err) == (0, "")
    assert repaired.out.splitlines() == [
        "trials/000002.parquet: set aside in damaged/trials/000002.parquet; "
        "trials of trial 2 lost; run the same sweepgd search to repeat missing trials",
        "curves/000002.parquet: set aside in damaged/curves/000002.parquet; "
        "curves of trial 2 lost; run the same sweepgd search to repeat missing trials",
        "minima/000002.parquet: set aside in damaged/minima/000002.parquet; "
        "minima of trial 2 lost; run the same sweepgd search to repeat missing trials",
        "curvature/000002.parquet: set aside in damaged/curvature/000002.parquet; "
        "curvature of trial 2 lost; run sweepgd measure with its --measures to compute it again",
        "minima/000003.parquet: set aside in damaged/minima/000003.parquet; rebuilt from log/000003.log",
        "out: 9 files of 3 trials, undamaged; 5 set aside in out/damaged",
    ]
    assert run("analyze", "out").code == 0
    assert json.loads(run("verify", "out", "--repair", "--json").out)["repaired"] == []


def test_compact_says_how_many_parts_there_were(run):
    before = load("out").trials
    assert run("compact", "out").out == "out: each table had 3 parts and now has 1\n"
    assert load("out").trials.equals(before)
    assert run("compact", "out").out == "out: each table had 1 part and now has 1\n"


def test_compact_tells_of_a_torn_tail(run, tmp_path):
    log = tmp_path / "out" / "log" / "000004.log"
    log.write_bytes(MAGIC + b"half a record")
    ended = run("compact", "out")
    assert (ended.code, ended.out) == (0, "out: each table had 3 parts and now has 1\n")
    told = "the last 13 bytes of out/log/000004.log are an incomplete record: moved to out/log/000004.torn\n"
    assert ended.err == told


def test_what_is_being_written_is_neither_compacted_nor_repaired(run, tmp_path):
    store = Store.open(tmp_path / "out", "name = 'written'\n")
    append(store, finished(4))
    for command in (("compact", "out"), ("verify", "out", "--repair")):
        ended = run(*command)
        assert (ended.code, ended.out, ended.err.count("\n")) == (1, "", 1)
        assert "out is being written by process" in ended.err
    assert run("verify", "out").code == 0
    store.close()


@pytest.mark.parametrize("command", ["verify", "compact"])
def test_a_folder_without_results_is_a_line_and_exit_1(run, tmp_path, command):
    empty = tmp_path / "empty"
    empty.mkdir()
    ended = run(command, str(empty))
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == f"sweepgd: {empty} is not a results directory: it must contain sweep.toml and a folder trials\n"


def test_a_torn_tail_is_told_and_the_search_goes_on(monkeypatch, capsys, tmp_path):
    out, given = str(tmp_path / "out"), ["search", sweep_file(tmp_path), "--out", str(tmp_path / "out"), "--workers", "1"]
    call(monkeypatch, capsys, *given, "--trials", "2")
    log = tmp_path / "out" / "log" / "000002.log"
    log.write_bytes(MAGIC + b"half a record")
    verified = call(monkeypatch, capsys, "verify", out)
    assert verified.code == 0
    assert verified.out.splitlines()[0] == "log/000002.log: its last 13 bytes are an incomplete record"
    assert verified.out.endswith(" files of 2 trials\n")
    ended = call(monkeypatch, capsys, *given)
    assert ended.code == 0
    told = f"the last 13 bytes of {log} are an incomplete record: moved to {log.with_suffix('.torn')}\n"
    assert ended.err.count(told) == 1
    assert load(out).trials["trial"].to_pylist() == list(range(6))


def test_a_sweep_that_cannot_be_read_is_a_line(run, tmp_path):
    (tmp_path / "out" / "sweep.toml").write_bytes(b"name = '\xff'")
    for command in (("search", sweep_file(tmp_path), "--out", "out"), ("compact", "out")):
        ended = run(*command)
        assert (ended.code, ended.err.count("\n")) == (1, 1)
        assert "out/sweep.toml cannot be read: " in ended.err
        assert ended.err.endswith("or move it away and run the same sweepgd search, which writes it again\n")
    assert run("verify", "out").code == 1


def test_merge_says_how_many_trials_there_are_and_are_missing(run, tmp_path):
    given = to_toml(sweep("search.sampler='random'"))
    for name, numbers in {"a": (0, 3), "b": (1,), "held": (4,)}.items():
        store = Store.open(tmp_path / name, given)
        for number in numbers:
            append(store, finished(number))
        store.close()
    ended = run("merge", "a", "b", "-o", "merged")
    assert (ended.code, ended.out) == (0, "merged: 3 trials of 2 directories\n")
    assert ended.err == "3 of 6 trials are missing: sweepgd search merged/sweep.toml --out merged runs them\n"
    with closing(Store.open(tmp_path / "held", given)):
        refused = run("merge", "a", "held", "-o", "new")
        assert (refused.code, refused.out) == (1, "")
        assert refused.err.startswith("sweepgd: held is being written by process ")
    again = run("merge", "a", "b", "-o", "merged")
    assert (again.code, again.err) == (1, "sweepgd: merged holds results: give another -o\n")
    none = run("merge", "-o", "new")
    assert (none.code, none.err.count("\n")) == (2, 1)
    assert none.err == "sweepgd: there are no results directories to merge: give the directories of the shards\n"
    assert not (tmp_path / "new").exists()


def test_merge_asks_for_the_plugin_files_of_the_sweep(run, tmp_path):
    given = to_toml(sweep("plugins={'rule.py'='0123'}"))
    for name, number in {"a": 0, "b": 1}.items():
        store = Store.open(tmp_path / name, given)
        append(store, finished(number))
        store.close()
    ended = run("merge", "a", "b", "-o", "merged")
    assert (ended.code, ended.err) == (2, "sweepgd: the sweep was run with a plugin file rule.py: give it with --plugin\n")
