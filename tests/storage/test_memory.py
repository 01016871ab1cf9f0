"""Optuna's study in the database: what it is told, by whom, and in the end all that is recorded."""

import optuna
import pytest
from joining import joined, run, studies, wait_until_shown
from optuna.storages import RDBStorage
from optuna.trial import TrialState
from sqlalchemy import NullPool
from sqlalchemy.exc import OperationalError, PendingRollbackError
from tiny import sweep

from sweepgd import search
from sweepgd.advisor import Advisor
from sweepgd.storage import address
from sweepgd.storage.link import Link
from sweepgd.storage.memory import Memory
from sweepgd.storage.watch import Watch
from sweepgd.sweep import parse

COMPLETE, FAIL = TrialState.COMPLETE, TrialState.FAIL
PRUNED = ("search.pruner='median'",)


def told(storage):
    """The state of every trial of the one study, by its number in the record."""
    [trials] = studies(storage)
    numbers = [trial.user_attrs["trial"] for trial in trials]
    assert len(numbers) == len(set(numbers))
    return {number: trial.state for number, trial in zip(numbers, trials, strict=True)}


def test_it_learns_what_is_recorded_and_fails_the_rest(storage):
    study = sweep("search.sampler='tpe'")
    advisor = Advisor(study, ["validation_loss"])
    recorded = {number: advisor.state_of_point(advisor.ask(number), [float(number)]) for number in (0, 1, 3)}
    memory = Memory(address(storage), "tiny", study, 1, Watch())
    for number in range(3):
        memory.ask(number)
    for _ in range(2):  # as where an answer was lost
        memory.learn(recorded)
        memory.fail_rest(4)
    memory.close()
    assert told(storage) == {0: COMPLETE, 1: COMPLETE, 2: FAIL, 3: COMPLETE}
    assert [trial.values for trial in studies(storage)[0]] == [[0.0], [1.0], None, [3.0]]


def test_a_report_on_a_trial_that_another_has_ended(tmp_path, storage):
    stopped = joined(storage, tmp_path / "out", 2, overrides=PRUNED)
    first = next(trial for trial in stopped.remaining(range(2)) if trial is not None)
    assert not stopped.advisor.should_prune(first, 10, 1.0)
    stopped._claims.release()
    other = joined(storage, tmp_path / "out", 2, overrides=PRUNED)
    assert sorted(run(other, 2)) == [0, 1]
    other.close()
    assert not stopped.advisor.should_prune(first, 20, 1.0)
    stopped.close()
    assert told(storage) == {0: COMPLETE, 1: COMPLETE}


@pytest.mark.parametrize("overrides", [(), PRUNED])
def test_the_last_command_tells_what_is_not_told_yet(tmp_path, storage, monkeypatch, overrides):
    """What is recorded is told by whoever ends last, where the command that ran it did not get so far."""
    interrupted = joined(storage, tmp_path / "out", 4, overrides=overrides)
    with monkeypatch.context() as untold:
        untold.setattr(Link, "submit_later", lambda self, job: None)
        untold.setattr(Memory, "tell", lambda *arguments, **options: None)
        run(interrupted, 4, 3)
        interrupted.close()
    other = joined(storage, tmp_path / "out", 4, overrides=overrides)
    assert run(other, 4) == [3]
    other.close()
    assert told(storage) == dict.fromkeys(range(4), COMPLETE)


def test_an_adaptive_sampler_knows_what_was_recorded_without_the_database(tmp_path, storage):
    search(sweep("search.sampler='tpe'", "search.trials=3"), out=tmp_path / "out", workers=1)
    joined(storage, tmp_path / "out", 4, overrides=("search.sampler='tpe'",)).close()
    assert told(storage) == dict.fromkeys(range(3), COMPLETE)


def test_the_end_outlasts_a_connection_that_breaks(tmp_path, storage, monkeypatch):
    shared = joined(storage, tmp_path / "out", 4)
    breaks, learn = iter([PendingRollbackError("the connection broke")]), Memory.learn

    def broken_once(self, states):
        for error in breaks:
            raise error
        learn(self, states)

    monkeypatch.setattr(Link, "submit_later", lambda self, job: None)
    monkeypatch.setattr(Memory, "learn", broken_once)
    run(shared, 4)
    shared.close()
    assert told(storage) == dict.fromkeys(range(4), COMPLETE)


def test_a_result_whose_answer_was_lost_is_added_once(storage, monkeypatch):
    study = sweep()
    advisor = Advisor(study, ["validation_loss"])
    state = advisor.state_of_point(advisor.ask(0), [1.0])
    memory = Memory(address(storage), "tiny", study, 1, Watch())
    add = memory._study.add_trial

    def unanswered(trial):
        add(trial)
        raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    with monkeypatch.context() as lost:
        lost.setattr(memory._study, "add_trial", unanswered)
        with pytest.raises(OperationalError):
            memory.add(0, state)
    memory.add(0, state)
    memory.close()
    assert told(storage) == {0: COMPLETE}


def test_a_study_that_was_deleted_from_optunas_tables_is_made_anew(tmp_path, storage):
    overrides = ("search.sampler='tpe'",)
    stopped = joined(storage, tmp_path / "out", 4, overrides=overrides)
    run(stopped, 4, 2)
    wait_until_shown(stopped, 2)
    assert next(trial for trial in stopped.remaining(range(4)) if trial is not None) == 2  # asked for, and given back
    stopped.close()
    kept = RDBStorage(storage, engine_kwargs={"poolclass": NullPool})
    [study] = kept.get_all_studies()
    optuna.delete_study(study_name=study.study_name, storage=kept)
    kept.remove_session()
    other = joined(storage, tmp_path / "out", 4, overrides=overrides)
    assert run(other, 4) == [2, 3]
    other.close()
    assert told(storage) == dict.fromkeys(range(4), COMPLETE)


@pytest.mark.parametrize(
    ("asked", "distinct", "trials"), [("sampler='random',pruner='median'", 4, 4), ("sampler='tpe'", 4, 12)]
)
def test_a_finite_space_is_drawn_once_but_by_adaptive_samplers_which_repeat(tmp_path, storage, asked, distinct, trials):
    """Of these, each command asks Optuna for one trial at a time, and does not know what the others run."""
    given = sweep("space={batch_size=[5,10],learning_rate=[0.05,0.1]}", "optimizer={}", f"search={{trials=12,{asked}}}")
    results = search(given, out=tmp_path / "out", workers=1, storage=storage)
    assert results.trials.num_rows == trials
    assert len(set(results.trials["config_id"].to_pylist())) <= distinct
    assert parse(results.sweep_toml).search.sampler_version == (2 if trials == 4 else 1)
