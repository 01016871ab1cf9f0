"""Which results directory a search may write to."""

import fcntl
import os
import platform

import numpy as np
import pytest
from commands import call
from tiny import sweep, sweep_file

from sweepgd import search, single, study
from sweepgd.directory import check_continues, move_aside
from sweepgd.preparation import prepare
from sweepgd.problem import Problem
from sweepgd.record import Store, exclusively
from sweepgd.sweep import load as load_sweep
from sweepgd.sweep import parse


def test_a_directory_that_is_being_written_is_not_moved_aside(tmp_path):
    out = tmp_path / "results"
    search(sweep(), out=out, workers=1)
    store = Store.open(out, (out / "sweep.toml").read_text())
    with pytest.raises(Problem, match="is being written by process"):
        move_aside(out)
    assert out.exists()
    store.close()
    assert move_aside(out) == tmp_path / "results.before-1"
    assert not out.exists()


def test_who_holds_a_directory_is_told_to_all_who_would_write_there(monkeypatch, capsys, tmp_path):
    out, path = str(tmp_path / "results"), sweep_file(tmp_path)
    search(sweep(), out=out, workers=1)
    store = Store.open(tmp_path / "results", (tmp_path / "results" / "sweep.toml").read_text())
    holder = f"{out} is being written by process {os.getpid()} on {platform.node()}: wait until"
    for command in (("search", path, "--out", out), ("measure", out, "--measures", "distance"), ("compact", out)):
        ended = call(monkeypatch, capsys, *command)
        assert (ended.code, ended.err.splitlines()[-1].startswith(f"sweepgd: {holder}")) == (1, True), ended.err
    for command in (("analyze", out), ("landscape", out, "--line", "0", "1", "--out", str(tmp_path)), ("verify", out)):
        ended = call(monkeypatch, capsys, *command)
        assert ended.code == 0, ended.err
    store.close()
    assert call(monkeypatch, capsys, "compact", out).code == 0


def test_no_other_command_begins_between_the_comparison_and_the_lock(monkeypatch, tmp_path):
    """Two that were the first would mix two sweeps."""
    alone = []

    def compare(directory, sweep):
        check_continues(directory, sweep)
        if directory.exists():  # the first time it is compared so that nothing is made where it is refused
            with pytest.raises(Problem, match="is being written by process"), exclusively(directory):
                pass
            alone.append(directory.name)

    for module in (study, single):
        monkeypatch.setattr(module, "check_continues", compare)
    search(sweep("search.trials=1"), out=tmp_path / "searched", workers=1)
    single.train("synthetic_linear", "linear", epochs=1, out=tmp_path / "trained")
    assert alone == ["searched", "trained"]


def test_a_directory_moved_aside_meanwhile_is_not_written(monkeypatch, tmp_path):
    out, flock = tmp_path / "results", fcntl.flock
    search(sweep("search.trials=1"), out=out, workers=1)

    def late(descriptor, operation):
        if out.exists():
            out.rename(tmp_path / "aside")
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(Problem, match=r"results was moved aside by another command meanwhile: give this one again$"):
        Store.open(out, "name = 'other'")
    assert (tmp_path / "aside" / "log" / "lock").read_text().startswith("process ")
    assert parse((tmp_path / "aside" / "sweep.toml").read_text()).name == "tiny"


def test_a_file_that_has_changed_is_another_sweep(tmp_path):
    def write(seed: int) -> None:
        columns = np.random.default_rng(seed).normal(size=(30, 2))
        np.savez(tmp_path / "data.npz", x=columns, y=columns.sum(axis=1))

    table = f"""
name = "changed"
[data]
path = {str(tmp_path / "data.npz")!r}
target = "y"
task = "regression"
[model]
name = "linear"
[budget]
epochs = 1
[space]
batch_size = "full"
[search]
trials = 1
"""
    write(0)
    search(parse(table), out=tmp_path / "results", workers=1)
    write(1)
    with pytest.raises(Problem, match=r"another sweep: .*data\.npz has changed since the sweep was run"):
        search(parse(table), out=tmp_path / "results", workers=1)
    with pytest.raises(Problem, match="has changed since the sweep was run"):
        prepare(load_sweep(str(tmp_path / "results" / "sweep.toml")))


MEASURED = "measure={measures=['distance'],rows=20}"


@pytest.fixture
def measured(tmp_path):
    """The results of a search that measured; what another `[measure]` is told."""
    search(sweep("search.trials=1", MEASURED), out=tmp_path, workers=1)

    def refused(*overrides):
        with pytest.raises(Problem) as caught:
            search(sweep("search.trials=2", *overrides), out=tmp_path, workers=1)
        return str(caught.value).replace(str(tmp_path), "DIR")

    return refused


def test_another_measure_is_measured_afterwards_and_says_how(measured):
    assert measured(MEASURED, "measure.measures=['distance','phi']", "measure.settings.phi.iterations=20") == (
        "DIR holds these runs with another [measure]: measure.measures: ['distance'] before, ['distance', 'phi'] now: "
        "sweepgd measure DIR --measures distance,phi --rows 20 --set measure.settings.phi.iterations=20 measures them so; "
        "leave [measure] as it was to go on"
    )
    assert "measure.rows: 20 before, 7 now (and 1 more): sweepgd measure DIR --measures distance --rows 7 --which best" in (
        measured("measure={measures=['distance'],rows=7,which=['best']}")
    )


def test_what_no_measuring_can_mend_is_another_sweep(measured):
    assert "holds another sweep: measure.every: 'not given' before, 1 now" in measured(MEASURED, "measure.every=1")
    assert "DIR holds another sweep: budget.epochs: 2 before, 3 now (and 1 more)" in (
        measured(MEASURED, "budget.epochs=3", "measure.rows=7")
    )
    assert "DIR holds another sweep: measure" in measured()


def test_runs_without_a_measure_are_measured_afterwards(tmp_path):
    search(sweep("search.trials=1"), out=tmp_path, workers=1)
    with pytest.raises(
        Problem, match=r"holds these runs with no \[measure\]: sweepgd measure \S+ --measures lambda_max measures"
    ):
        search(sweep("search.trials=1", "measure={}"), out=tmp_path, workers=1)
