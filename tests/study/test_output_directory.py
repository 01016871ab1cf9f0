"""The results directories that a search may write to."""

import fcntl
import os
import platform

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from commands import call
from linear_sweep import assert_same, sweep, sweep_file

from sweepgd import load, search
from sweepgd.core.errors import SweepgdError
from sweepgd.record import Results, Store, exclusively
from sweepgd.record.commit_results import NoProgress
from sweepgd.study import search as study
from sweepgd.study import train
from sweepgd.study.output_directory import check_continues, move_aside, recorded_otherwise
from sweepgd.study.preparation import prepare
from sweepgd.sweep import load as load_sweep
from sweepgd.sweep import parse


def test_a_directory_that_is_being_written_is_not_moved_aside(tmp_path):
    out = tmp_path / "results"
    search(sweep(), out=out, workers=1)
    store = Store.open(out, (out / "sweep.toml").read_text())
    with pytest.raises(SweepgdError, match="is being written by process"):
        move_aside(out)
    assert out.exists()
    store.close()
    assert move_aside(out) == tmp_path / "results.before-1"
    assert not out.exists()


def test_other_writers_get_the_name_of_the_process_with_the_lock(monkeypatch, capsys, tmp_path):
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


def test_the_sweep_is_compared_while_the_directory_is_locked(monkeypatch, tmp_path):
    """Otherwise two first commands could mix two sweeps."""
    alone = []

    def compare(directory, sweep):
        check_continues(directory, sweep)
        if directory.exists():  # an earlier call compares before anything is created
            with pytest.raises(SweepgdError, match="is being written by process"), exclusively(directory):
                pass
            alone.append(directory.name)

    for module in (study, train):
        monkeypatch.setattr(module, "check_continues", compare)
    search(sweep("search.trials=1"), out=tmp_path / "searched", workers=1)
    train.train("synthetic_linear", "linear", epochs=1, out=tmp_path / "trained")
    assert alone == ["searched", "trained"]


def test_a_directory_that_is_moved_aside_meanwhile_is_not_written(monkeypatch, tmp_path):
    out, flock = tmp_path / "results", fcntl.flock
    search(sweep("search.trials=1"), out=out, workers=1)

    def late(descriptor, operation):
        if out.exists():
            out.rename(tmp_path / "aside")
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(SweepgdError, match=r"results was moved by another command meanwhile: run this command again$"):
        Store.open(out, "name = 'other'")
    assert (tmp_path / "aside" / "log" / "lock").read_text().startswith("process ")
    assert parse((tmp_path / "aside" / "sweep.toml").read_text()).name == "example"


def test_a_changed_data_file_is_another_sweep(tmp_path):
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
    with pytest.raises(SweepgdError, match=r"another sweep: .*data\.npz has changed since the sweep was run"):
        search(parse(table), out=tmp_path / "results", workers=1)
    with pytest.raises(SweepgdError, match="has changed since the sweep was run"):
        prepare(load_sweep(str(tmp_path / "results" / "sweep.toml")))


MEASURED = "measure={measures=['distance'],rows=20}"


@pytest.fixture
def measured(tmp_path):
    """Run a search that measures; return a function that gives the message for another `[measure]`."""
    search(sweep("search.trials=1", MEASURED), out=tmp_path, workers=1)

    def refused(*overrides):
        with pytest.raises(SweepgdError) as caught:
            search(sweep("search.trials=2", *overrides), out=tmp_path, workers=1)
        return str(caught.value).replace(str(tmp_path), "DIR")

    return refused


def test_another_measure_is_refused_with_the_measure_command(measured):
    assert measured(MEASURED, "measure.measures=['distance','phi']", "measure.settings.phi.iterations=20") == (
        "DIR was run with another [measure]: measure.measures: ['distance'] before, ['distance', 'phi'] now: "
        "to continue the search, restore the earlier [measure]; to add the measures of the present [measure], run "
        "sweepgd measure DIR --measures distance,phi --rows 20 --set measure.settings.phi.iterations=20"
    )
    message = measured("measure={measures=['distance'],rows=7,which=['best']}")
    assert "measure.rows: 20 before, 7 now (and 1 more): to continue the search, " in message
    assert "run sweepgd measure DIR --measures distance --rows 7 --which best" in message


def test_results_without_a_newer_setting_are_continued(tmp_path):
    override = "measure={measures=['asam'],rows=20}"
    search(sweep("search.trials=1", override), out=tmp_path, workers=1)
    path = tmp_path / "sweep.toml"
    known = path.read_text()
    before = known.replace("starts = 24\n", "")
    assert before != known
    path.write_text(before)
    with pytest.raises(SweepgdError, match=r"measure\.settings\.asam\.starts: 24 before, 30 now"):
        search(sweep("search.trials=2", override, "measure.settings.asam.starts=30"), out=tmp_path, workers=1)
    results = search(sweep("search.trials=2", override), out=tmp_path, workers=1)
    assert results.curvature["trial"].to_pylist() == [0, 0, 1, 1]


def test_differences_that_cannot_be_measured_are_another_sweep(measured):
    assert "holds another sweep: measure.every: 'not given' before, 1 now" in measured(MEASURED, "measure.every=1")
    assert "DIR holds another sweep: budget.epochs: 2 before, 3 now (and 1 more)" in (
        measured(MEASURED, "budget.epochs=3", "measure.rows=7")
    )
    assert "DIR holds another sweep: measure" in measured()


def test_runs_without_measures_are_refused_with_the_measure_command(tmp_path):
    search(sweep("search.trials=1"), out=tmp_path, workers=1)
    with pytest.raises(
        SweepgdError, match=r"was run with no \[measure\]: .*; .*, run sweepgd measure \S+ --measures lambda_max$"
    ):
        search(sweep("search.trials=1", "measure={}"), out=tmp_path, workers=1)


CYCLES = (
    "space={schedule=['one_cycle','constant'],optimizer='sgd',learning_rate=0.1,batch_size=5}",
    "search={sampler='grid'}",
)
FORMER = "schedule.one_cycle.final_at_last_update=false"


class Notes(NoProgress):
    """Record all notes."""

    def __init__(self):
        self.notes = []

    def note(self, what):
        self.notes.append(what)


def test_an_older_record_keeps_the_form_of_its_schedules(tmp_path):
    """A record is older if the setting is missing in `sweep.toml` and in its configurations."""
    whole = search(sweep(*CYCLES, FORMER), out=tmp_path / "whole", workers=1)
    out = tmp_path / "older"
    search(sweep(*CYCLES, FORMER, "search.trials=1"), out=out, workers=1)
    recorded = (out / "sweep.toml").read_text()
    assert "final_at_last_update = false" in recorded
    (out / "sweep.toml").write_text(recorded.replace("final_at_last_update = false", ""))
    for _ in range(2):  # the second time the setting is in the record
        progress = Notes()
        continued = search(sweep(*CYCLES), out=out, workers=1, progress=progress)
        assert progress.notes == [
            f"the search in {out} continues as it was started, with schedule.one_cycle.final_at_last_update = false"
        ]
        assert_same(continued, whole)
    with pytest.raises(
        SweepgdError, match=r"holds another sweep: schedule.one_cycle.final_at_last_update: False before, True now"
    ):
        search(sweep(*CYCLES, FORMER.replace("false", "true")), out=out, workers=1)


def test_a_new_record_has_the_form_of_its_schedules(tmp_path):
    new = search(sweep(*CYCLES), out=tmp_path / "new", workers=1)
    assert parse(new.sweep_toml).schedule == {"one_cycle": {"final_at_last_update": True}}
    progress = Notes()
    assert search(sweep(*CYCLES), out=tmp_path / "new", workers=1, progress=progress).trials.equals(new.trials)
    assert progress.notes == []
    of_cycle = pc.equal(new.trials["schedule"], "one_cycle")
    losses = new.curves.filter(pc.is_in(new.curves["trial"], new.trials.filter(of_cycle)["trial"]))
    assert losses["learning_rate"].to_pylist()[-1] == pytest.approx(0.1 * 0.001)
    with pytest.raises(
        SweepgdError, match=r"holds another sweep: schedule.one_cycle.final_at_last_update: True before, False now"
    ):
        search(sweep(*CYCLES, FORMER), out=tmp_path / "new", workers=1)


def test_runs_with_values_of_an_earlier_version_are_reported(monkeypatch, tmp_path):
    overrides = ("search.objective='best_validation_loss'", "search.pruner='asha'")
    search(sweep(*overrides, "search.trials=2"), out=tmp_path, workers=1)
    progress = Notes()
    search(sweep(*overrides, "search.trials=3"), out=tmp_path, workers=1, progress=progress)
    assert progress.notes == []
    trials = load(tmp_path).trials
    nulls = pa.nulls(trials.num_rows, pa.int64())
    older = trials.set_column(trials.column_names.index("evaluated_at_update"), "evaluated_at_update", nulls)
    monkeypatch.setattr(Results, "trials", property(lambda self: older))
    assert recorded_otherwise(tmp_path, sweep(*overrides), ["best_validation_loss"]) == [
        "3 runs of an earlier version have losses, errors and gap of the last evaluation, not of the best evaluation",
        "3 runs of an earlier version were also evaluated at rungs; these evaluations counted for patience and the best "
        "weights",
    ]
    assert recorded_otherwise(tmp_path, sweep(), ["validation_loss"]) == []
