"""Searches run no configuration twice, end when no new one is left, and continue older records that contain repeats."""

import json
import shutil
from contextlib import closing
from math import inf
from pathlib import Path

import pytest
from commands import call, running, wait_for_rows
from linear_sweep import assert_same, sweep, sweep_file

from sweepgd import load, search
from sweepgd.core.errors import SweepgdError
from sweepgd.record import Store
from sweepgd.record.commit_results import NoProgress, ResultCommitter
from sweepgd.study.ask_and_tell import AskAndTell
from sweepgd.study.preparation import prepare
from sweepgd.sweep import parse, to_toml

FOUR = ("space={batch_size=[5,10],learning_rate=[0.05,0.1]}", "optimizer={}")
LARGER = (
    "space={batch_size=[1,2,5,10],learning_rate=[0.01,0.02,0.05,0.1,0.2],optimizer=['sgd','momentum'],"
    "schedule=['constant','cosine'],warmup=[0,1]}",
    "optimizer={}",
)
SAMPLERS = ("random", "quasi_random", "tpe", "nsga2")


class Notes(NoProgress):
    """Record the notes of a search."""

    def __init__(self):
        self.lines = []

    def note(self, what):
        self.lines.append(what)


def ids(results):
    return results.trials["config_id"].to_pylist()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_search_ends_with_a_note_when_no_configuration_is_left(tmp_path, sampler):
    notes, given = Notes(), sweep(*FOUR, f"search={{sampler='{sampler}',trials=20}}")
    results = search(given, out=tmp_path / "four", workers=1, progress=notes)
    assert results.trials["trial"].to_pylist() == [0, 1, 2, 3]
    assert len(set(ids(results))) == 4
    line = (
        "the search ends after 4 trials, because its space has 4 configurations and each is run once (20 trials were requested)"
    )
    assert notes.lines.count(line) == 1
    again = Notes()
    assert ids(search(given, out=tmp_path / "four", workers=1, progress=again)) == ids(results)
    assert again.lines == [line]


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_64_trials_in_a_space_of_160_are_64_configurations(tmp_path, sampler):
    """With repeats, TPE ran only 29 to 32 configurations and random search 51."""
    notes = Notes()
    given = sweep(*LARGER, f"search={{sampler='{sampler}',trials=64}}")
    results = search(given, out=tmp_path / "many", workers=1, progress=notes)
    assert len(ids(results)) == len(set(ids(results))) == 64
    assert not any("the search ends after" in line for line in notes.lines)


@pytest.mark.parametrize("sampler", ["random", "quasi_random", "tpe"])
def test_a_finite_search_does_not_depend_on_workers_or_interruptions(tmp_path, sampler):
    def finite(trials):
        return sweep(*LARGER, f"search={{sampler='{sampler}',trials={trials},generation=6}}")

    complete = search(finite(30), out=tmp_path / "complete", workers=1)
    for trials in (15, 30):  # interrupts the third generation of six
        parts = search(finite(trials), out=tmp_path / "parts", workers=2)
    assert_same(complete, parts)
    states = [json.loads(state) for state in complete.trials["search_state"].to_pylist() if state is not None]
    assert any("repeats" in state for state in states) == (sampler == "tpe")


@pytest.mark.parametrize(("sampler", "workers"), [("random", 2), ("tpe", 1)])
def test_a_killed_search_of_a_finite_space_continues(tmp_path, sampler, workers):
    out = tmp_path / "killed"
    slow = [*LARGER, "budget.epochs=500", f"search={{sampler='{sampler}',trials=16,generation=6}}"]
    sets = [part for override in slow for part in ("--set", override)]
    with running("search", sweep_file(tmp_path), "--out", str(out), "--workers", str(workers), *sets) as killed:
        wait_for_rows(out, 2, killed)
        killed.kill()
    assert load(out).trials.num_rows < 16
    ended = search(sweep(*slow), out=out, workers=workers)
    assert_same(ended, search(sweep(*slow), out=tmp_path / "complete", workers=3 - workers))
    assert len(set(ids(ended))) == 16


@pytest.mark.parametrize("sampler", [*SAMPLERS, "grid"])
def test_fixed_points_are_not_drawn_again(tmp_path, sampler):
    points = "points=[{batch_size=10,learning_rate=0.1},{batch_size=5,learning_rate=0.1,warmup=1.0}]"
    given = sweep(*FOUR, points, f"search={{sampler='{sampler}',trials=20}}")
    assert prepare(given).total == 2 + 3
    results = search(given, out=tmp_path / "points", workers=1)
    assert len(set(ids(results))) == results.trials.num_rows == 5


@pytest.mark.parametrize(
    ("overrides", "total", "line"),
    [
        (("search={}",), 4, "after 4 trials, because its space has 4 configurations and each is run once"),
        (("search={sampler='tpe',trials=4}",), 4, ""),
        (("search={sampler='grid'}",), 4, ""),
        (("search={sampler='grid',trials=9}",), 4, "has 4 configurations and each is run once (9 trials were requested)"),
        (
            ("search={trials=9}", "points=[{batch_size=7}]"),
            5,
            "after 5 trials, because its space has 4 configurations and each is run once (9",
        ),
        (
            ("search={trials=9}", "space.batch_size=5", "space.learning_rate=0.1"),
            1,
            "has 1 configuration and each is run once (9",
        ),
        (("search={trials=9}", "space.learning_rate={low=0.1,high=0.2}"), 9, ""),
        (("search={trials=9,sampler_version=1}",), 9, ""),
    ],
)
def test_number_of_trials_of_a_finite_space(overrides, total, line):
    prepared = prepare(sweep(*FOUR, *overrides))
    assert prepared.total == total
    assert line in prepared.advisor.used_up
    assert bool(line) == bool(prepared.advisor.used_up)


def test_the_command_and_a_dry_run_report_the_end_of_the_space(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    line = (
        "the search ends after 4 trials, because its space has 4 configurations and each is run once"
        " (20 trials were requested)\n"
    )
    given = ["search", sweep_file(tmp_path), "--trials", "20"]
    given += [part for override in FOUR for part in ("--set", override)]
    shown = call(monkeypatch, capsys, *given, "--dry-run")
    assert (shown.code, shown.err) == (0, "")
    assert f"example: 4 trials of 1 replicate(s), sampler random, minimising validation_loss\n{line}" in shown.out
    values = json.loads(call(monkeypatch, capsys, *given, "--dry-run", "--json").out)
    assert (values["trials"], values["configurations"], values["used_up"]) == (4, 4, line.strip())
    ended = call(monkeypatch, capsys, *given, "--workers", "1")
    assert (ended.code, ended.err.count(line)) == (0, 1)
    assert load("results/example").trials.num_rows == 4
    again = call(monkeypatch, capsys, *given)
    assert (again.code, again.err) == (0, f"4 of 4 trials are recorded already; nothing is left to do\n{line}")


# --- Records of sampler version 1, which may contain repeats

TWELVE = ("space={batch_size=[5,10],learning_rate=[0.05,0.1,0.2],optimizer=['sgd','momentum']}", "optimizer={}")
# The 24 trials of these 12 configurations that version 1 ran.
SEQUENCES = {
    "random": (
        "2b7be7e566f4 2451c8e6bee1 16f7e0fbb866 b63b21f743b7 ed4b37d3d9e5 2451c8e6bee1 ed4b37d3d9e5 4fdb6ededc32 2b7be7e566f4"
        " b63b21f743b7 b4d264938082 85b50cfb2af5 64c2a0dd02e4 64c2a0dd02e4 5dcd11bd3384 b63b21f743b7 b63b21f743b7 74db23ca7dcd"
        " 85b50cfb2af5 85b50cfb2af5 85b50cfb2af5 b63b21f743b7 2b7be7e566f4 ed4b37d3d9e5"
    ),
    "quasi_random": (
        "85b50cfb2af5 74db23ca7dcd 5dcd11bd3384 4fdb6ededc32 64c2a0dd02e4 2b7be7e566f4 2451c8e6bee1 b63b21f743b7 b4d264938082"
        " 16f7e0fbb866 5dcd11bd3384 27b3efe2ea3b 85b50cfb2af5 74db23ca7dcd ed4b37d3d9e5 b63b21f743b7 64c2a0dd02e4 74db23ca7dcd"
        " ed4b37d3d9e5 b63b21f743b7 b4d264938082 2b7be7e566f4 2451c8e6bee1 27b3efe2ea3b"
    ),
    "tpe": (
        "2451c8e6bee1 2b7be7e566f4 2451c8e6bee1 27b3efe2ea3b 27b3efe2ea3b 16f7e0fbb866 b4d264938082 5dcd11bd3384 27b3efe2ea3b"
        " 74db23ca7dcd 4fdb6ededc32 2b7be7e566f4 85b50cfb2af5 85b50cfb2af5 85b50cfb2af5 85b50cfb2af5 b63b21f743b7 b63b21f743b7"
        " b63b21f743b7 b63b21f743b7 27b3efe2ea3b 27b3efe2ea3b 27b3efe2ea3b 27b3efe2ea3b"
    ),
}


@pytest.mark.parametrize("sampler", SEQUENCES)
def test_version_1_draws_its_recorded_sequences(tmp_path, sampler):
    given = sweep(*TWELVE, f"search={{sampler='{sampler}',trials=24,generation=4,sampler_version=1}}")
    assert ids(search(given, out=tmp_path / "one", workers=1)) == SEQUENCES[sampler].split()


def test_an_older_record_continues_with_version_1_and_reports_repeats(tmp_path):
    """The record was written by an earlier version, and stopped in the third generation of four."""
    out = shutil.copytree(Path(__file__).parents[1] / "record" / "repeating", tmp_path / "repeating")
    assert "sampler_version" not in (out / "sweep.toml").read_text()
    notes = Notes()
    given = sweep("name='tiny'", *TWELVE, "search={sampler='tpe',trials=24,generation=4}")
    results = search(given, out=out, workers=1, progress=notes)
    assert ids(results) == SEQUENCES["tpe"].split()
    assert notes.lines == [
        f"3 of the 11 trials in {out} repeat the configuration of an earlier trial, and more trials may follow: the search"
        " continues with search.sampler_version = 1, as it was started; use --fresh to start a search without repeats"
    ]
    assert parse(results.sweep_toml).search.sampler_version == 1
    assert_same(results, search(given, out=out, workers=1))
    fresh = search(given, out=out, workers=1, fresh=True)
    assert len(ids(fresh)) == len(set(ids(fresh))) == 12
    assert parse(fresh.sweep_toml).search.sampler_version == 2


def test_a_search_keeps_the_sampler_version_it_started_with(tmp_path):
    for version in (1, 2):
        out = tmp_path / str(version)
        started = search(sweep(*FOUR, f"search={{trials=2,sampler_version={version}}}"), out=out, workers=1)
        assert parse(started.sweep_toml).search.sampler_version == version
        search(sweep(*FOUR, "search={trials=9}"), out=out, workers=1)
        assert load(out).trials.num_rows == (9 if version == 1 else 4)
        with pytest.raises(SweepgdError, match=f"search.sampler_version: {version} before, {3 - version} now"):
            search(sweep(*FOUR, f"search={{trials=9,sampler_version={3 - version}}}"), out=out, workers=1)


# --- Interruption


def test_no_generation_is_proposed_after_a_stop_request(tmp_path):
    """A sampler may need seconds to avoid known points."""

    class Stopped:
        seconds = 0.0

        def __bool__(self):
            return True

    class Pool:
        busy, has_room = 0, True

        def drain(self):
            pass

    prepared = prepare(sweep(*FOUR, "search={sampler='tpe',trials=4}"))
    with closing(Store.open(tmp_path / "out", to_toml(prepared.sweep))) as store:
        reporting = ResultCommitter(store, NoProgress(), Stopped())
        with pytest.raises(KeyboardInterrupt):
            AskAndTell(prepared, store, Pool(), reporting, inf, None, Stopped()).run()
    assert prepared.advisor._study.trials == []
