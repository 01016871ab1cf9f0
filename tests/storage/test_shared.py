"""Several commands on one database and one folder: every trial once, whoever dies, and whenever the database is away."""

import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager

import pytest
from commands import call, process, started, wait_for_rows
from joining import attempts, counted, joined, record, run, studies, wait_until_shown
from optuna.trial import TrialState
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError
from tiny import LINEAR, assert_same, computed, sweep
from waiting import NEVER_SECONDS, wait_until

from sweepgd import load, search
from sweepgd.problem import Problem
from sweepgd.record.log import frames
from sweepgd.record.stopping import GivenUp
from sweepgd.reporting import Silence
from sweepgd.storage import address, connect, join
from sweepgd.storage.writer import attempt_of

GRID = LINEAR.replace("low = 1e-3, high = 0.3, log = true", "low = 0.001, high = {high}, step = 0.001").replace(
    "low = 0.1, high = 0.9", "low = 0.5, high = 0.9, step = 0.4"
)


def command(file, storage, out, *more, constants=None):
    given = ("--storage", storage, "--out", str(out), "--workers", "1", "-v", *more)
    return process("search", str(file), *given, constants=constants)


def lease(seconds):
    """The constants of a command with another lease."""
    return dict.fromkeys(("sweepgd.storage.claims.LEASE_SECONDS", "sweepgd.storage.join.LEASE_SECONDS"), seconds)


@contextmanager
def all_started(arguments, count):
    with ExitStack() as stack:
        yield [stack.enter_context(started(arguments)) for _ in range(count)]


def ended(commands):
    """What each command said, all of which must end well."""
    said = [started.communicate()[1] for started in commands]
    assert [started.returncode for started in commands] == [0] * len(commands), said
    return said


class Notes(Silence):
    """Keeps what a search says."""

    def __init__(self):
        self.said = []

    def note(self, what):
        self.said.append(what)


def write(folder, text, *overrides):
    from sweepgd.sweep import to_toml

    path = folder / "shared.toml"
    path.write_text(to_toml(sweep(*overrides, text=text)))
    return path


def attemptless(table):
    return computed(table).drop_columns([name for name in ("attempt",) if name in table.column_names])


def assert_once(out, total):
    """Exactly the total, none missing, none twice, in the parts that any reader sees; and nothing is left behind."""
    trials = sorted(load(out).trials["trial"].to_pylist())
    assert trials == list(range(total))
    assert [path.name for path in sorted((out / "log").iterdir()) if path.is_dir()] == []


def study_of(kind, trials):
    if kind == "random":
        return LINEAR, (f"search.trials={trials}", "search.seed=5", "measure.measures=['lambda_max']")
    rates = trials // 9 + 1  # 3 batch sizes, 2 optimizers, the second with 2 β: 9 points a rate; the rest is not asked for
    return GRID.replace("{high}", f"{rates / 1000}"), ("search.sampler='grid'", f"search.trials={trials}")


@pytest.mark.parametrize("kind", ["grid", "random"])
@pytest.mark.parametrize(
    ("commands", "trials"), [(2, 50), *(pytest.param(count, 500, marks=pytest.mark.slow) for count in (2, 4, 8))]
)
def test_commands_divide_a_sweep(tmp_path, storage, kind, commands, trials):
    text, overrides = study_of(kind, trials)
    file, out = write(tmp_path, text, *overrides), tmp_path / "shared"
    with all_started(command(file, storage, out), commands - 1) as others:
        wait_for_rows(out, 1, others[0])
        search(file, out=out, storage=storage, workers=1)
        ended(others)
    assert_once(out, trials)
    assert_same(search(sweep(*overrides, text=text), out=tmp_path / "alone", workers=1), load(out))


# --- Who dies


def wait_for_takeover(storage):
    """Waits until a trial has had a second holder."""
    wait_until(lambda: counted(storage, "attempt > 1"))


SLOW = ("budget.epochs=2000",)


def test_what_a_killed_command_held_is_taken_over(tmp_path, storage):
    """Killed in the middle: what it had finished is kept, what it ran is run again, as another attempt."""
    overrides = ("search.trials=10", *SLOW)
    file, out = write(tmp_path, LINEAR, *overrides), tmp_path / "shared"
    with started(command(file, storage, out)) as killed:
        wait_for_rows(out, 3, killed)
    notes = Notes()
    search(file, out=out, storage=storage, workers=2, progress=notes)
    taken_over, total = notes.said
    assert taken_over.partition(" ")[2] == "ended without a word: its trials are taken over"
    assert total == "10 of 10 trials are recorded, by all commands together"
    assert_once(out, 10)
    assert set(load(out).trials["attempt"].to_pylist()) == {1, 2}
    alone = search(sweep(*overrides), out=tmp_path / "alone", workers=2)
    assert attemptless(alone.trials).equals(attemptless(load(out).trials))


def test_a_result_that_comes_after_the_lease_is_set_aside(tmp_path, storage, monkeypatch):
    """A command that was stopped for longer than its lease finds its trial taken over, and says so."""
    overrides = ("search.trials=6", *SLOW)
    file, out = write(tmp_path, LINEAR, *overrides), tmp_path / "shared"
    for module in ("claims", "join"):
        monkeypatch.setattr(sys.modules[f"sweepgd.storage.{module}"], "LEASE_SECONDS", 1.0)
    with started(command(file, storage, out, constants=lease(1.0))) as stopped:
        wait_for_rows(out, 2, stopped)
        stopped.send_signal(signal.SIGSTOP)
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(search, file, out=out, storage=storage, workers=1, progress=(notes := Notes()))
            wait_for_takeover(storage)
            stopped.send_signal(signal.SIGCONT)
            [said] = ended([stopped])
            other.result(60)
    assert "ended after another command had taken over: set aside in" in said
    assert not any("set aside" in note for note in notes.said)
    assert_once(out, 6)
    [late] = (out / "late").iterdir()
    assert late.stat().st_size > 100


def claimed_by(shared, count):
    """Waits until a command has so many claims."""
    claimed, deadline = [], time.monotonic() + NEVER_SECONDS
    for trial in shared.remaining(range(count)):
        assert time.monotonic() < deadline
        claimed += [] if trial is None else [trial]
        if len(claimed) == count:
            return claimed
        time.sleep(0.01)


def test_late_results_are_set_aside_together(tmp_path, storage):
    notes = []
    shared = joined(storage, tmp_path / "out", 2, notes)
    claimed = claimed_by(shared, 2)
    with create_engine(storage, poolclass=NullPool).begin() as connection:
        connection.execute(text("UPDATE sweepgd_claims SET holder = 'other', attempt = 2"))
    for trial in claimed:
        shared.append(trial, record(trial, 1))
    wait_until(lambda: shared.flush() or notes)
    path = tmp_path / "out" / "late" / f"{shared._claims.holder}.log"
    assert notes == [
        f"trial 0 (attempt 1), trial 1 (attempt 1) ended after another command had taken over: set aside in {path}"
    ]
    assert [attempt_of(each) for each in frames(path)] == [(0, 1), (1, 1)]
    shared.close()


# --- Who begins


def test_who_waits_for_its_turn_says_so_and_who_is_stopped_in_it_loses_it(tmp_path, storage, monkeypatch):
    """Whoever has the turn says nothing to the database any more: its session is ended."""
    joining = sys.modules["sweepgd.storage.join"]
    monkeypatch.setattr(joining, "TELL_SECONDS", 0.0)
    monkeypatch.setattr(joining, "TURN_LIMIT", "1s")
    engine, notes = connect(address(storage)), []
    stopped = engine.connect()
    joining._wait_for_turn(stopped, notes.append)
    assert notes == []
    joined(storage, tmp_path / "out", 1, notes).close()
    assert notes == ["another command is joining a study in this database: waiting until it has"]
    with pytest.raises(DBAPIError, match="idle-in-transaction timeout"):
        stopped.execute(text("SELECT 1"))
    stopped.close()
    engine.dispose()


# --- The database away


@pytest.mark.parametrize(
    ("outages", "seconds", "trials"),
    [(1, 1.0, 12), pytest.param(3, 0.0, 150, marks=pytest.mark.slow), pytest.param(1, 60.0, 150, marks=pytest.mark.slow)],
)
def test_the_database_goes_and_comes_back(tmp_path, server, storage, outages, seconds, trials):
    overrides = (f"search.trials={trials}", *SLOW)
    file, out = write(tmp_path, LINEAR, *overrides), tmp_path / "shared"
    with all_started(command(file, storage, out), 2) as commands:
        for outage in range(outages):
            wait_for_rows(out, (outage + 1) * trials // (outages + 2), commands[0])
            server.stop("immediate")
            time.sleep(seconds)
            server.start()
        said = ended(commands)
    for each in said:
        assert each.count("): training goes on with what is claimed") == each.count("the database is back")
    assert any("the database is back" in each for each in said) or not seconds  # a restart falls between two questions
    assert_once(out, trials)
    assert_same(search(sweep(*overrides), out=tmp_path / "alone", workers=2), load(out))


# --- What is asked of Optuna


def test_what_optuna_was_told_is_what_is_recorded(tmp_path, storage):
    """Sampler and pruner of all commands see all results, each once."""
    overrides = ("search.sampler='tpe'", "search.pruner='median'", "search.trials=16", "budget.epochs=20")
    file, out = write(tmp_path, LINEAR, *overrides), tmp_path / "shared"
    with started(command(file, storage, out)) as other:
        wait_for_rows(out, 2, other)
        search(file, out=out, storage=storage, workers=1)
        ended([other])
    assert_once(out, 16)
    rows = {row["trial"]: row for row in load(out).trials.to_pylist()}
    [trials] = studies(storage)
    told = {trial.user_attrs["trial"]: trial for trial in trials}
    assert told.keys() == rows.keys()
    for number, trial in told.items():
        pruned = rows[number]["status"] == "pruned"
        assert trial.state == (TrialState.PRUNED if pruned else TrialState.COMPLETE)
        assert trial.params["learning_rate"] == rows[number]["learning_rate"]
        if rows[number]["status"] == "completed":
            assert trial.values == rows[number]["objectives"]
    assert {row["status"] for row in rows.values()} == {"completed", "pruned"}
    assert len({row["learning_rate"] for row in rows.values()}) == 16


# --- Who else wants the folder


def test_a_search_without_the_database_is_refused(monkeypatch, capsys, tmp_path, storage):
    file, out = write(tmp_path, LINEAR), tmp_path / "shared"
    search(file, out=out, storage=storage, workers=1)
    run = call(monkeypatch, capsys, "search", str(file), "--out", str(out), "--trials", "9")
    assert run.code == 1
    assert run.err == (
        f"sweepgd: the trials of {out} are divided by a database: give --storage, here {storage}; to go on without it for good,"
        f" once no command uses it: rm {out}/log/study\n"
    )
    (out / "log" / "study").unlink()
    search(file, out=out, workers=1, overrides=["search.trials=9"])
    assert_once(out, 9)


def test_no_secret_is_written_into_the_folder(tmp_path, storage):
    joined(f"{storage.replace('@', ':secret@')}?password=secret", tmp_path / "out", 1).close()
    assert "secret" not in (tmp_path / "out" / "log" / "study").read_text()


def test_a_database_that_is_dropped_ends_the_command(tmp_path, server, storage):
    shared = joined(storage, tmp_path / "out", 100)
    run(shared, 100, 3)
    with create_engine(server.url(), poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"DROP DATABASE {storage.rpartition('/')[2]} WITH (FORCE)"))
    with pytest.raises(Problem, match=r"^the database of --storage refused: .* does not exist$"), closing(shared):
        run(shared, 100)


def test_who_else_writes_there_is_named(monkeypatch, capsys, tmp_path, server, storage):
    """While commands share a folder: what wants it alone, and what has another database, is refused."""
    out = tmp_path / "shared"
    shared = joined(storage, out, 6)
    run(shared, 6, 3)
    wait_until_shown(shared, 3)
    for arguments in (["measure"], ["compact"], ["verify", "--repair"]):
        refused = call(monkeypatch, capsys, *arguments, str(out))
        assert refused.code == 1
        holders = f"the commands that have a folder in {out}/log"
        assert refused.err == f"sweepgd: {out} is being written by {holders}: wait until that ends, or stop it\n"
    with pytest.raises(Problem, match=r"shared is being written by commands with another database: wait until they end, or"):
        joined(server.url(), out, 6)
    assert call(monkeypatch, capsys, "verify", str(out)).code == 0
    assert sorted(run(shared, 6)) == [3, 4, 5]
    shared.close()
    assert call(monkeypatch, capsys, "compact", str(out)).code == 0
    assert attempts(out) == dict.fromkeys(range(6), 1)


def test_fresh_begins_another_study_of_the_name(tmp_path, storage):
    file, out = write(tmp_path, LINEAR), tmp_path / "shared"
    search(file, out=out, storage=storage, workers=1)
    with pytest.raises(Problem, match=r"^the study 'tiny' in the database is recorded in another folder, .*shared: share that"):
        search(file, out=tmp_path / "elsewhere", storage=storage, workers=1)
    before = load(out)
    search(file, out=out, storage=storage, workers=1, fresh=True)
    assert_once(out, 6)
    assert_same(load(tmp_path / "shared.before-1"), load(out))
    assert before.directory == out
    assert [len(trials) for trials in studies(storage)] == [6, 6]


def test_a_copy_of_a_folder_is_not_called_complete(tmp_path, storage, monkeypatch):
    def join_beside(*arguments, **options):
        patched.undo()
        shared = join(*arguments, **options)
        search(sweep(), out=shutil.copytree(tmp_path / "one", tmp_path / "copy"), storage=storage, workers=1)
        return shared

    search(sweep("search.trials=2"), out=tmp_path / "one", storage=storage, workers=1)
    with monkeypatch.context() as patched:
        patched.setattr("sweepgd.study.join", join_beside)
        with pytest.raises(Problem, match=r"^2 of 6 trials are recorded in .*/one: the others went to a copy of it, or to a"):
            search(sweep(), out=tmp_path / "one", storage=storage, workers=1)
    search(sweep(), out=tmp_path / "one", storage=storage, workers=1)
    assert_once(tmp_path / "one", 6)


def test_a_folder_comes_back_to_its_study(tmp_path, storage):
    """By its token, though the name is another's meanwhile; and by its name where somebody has removed the token."""
    out, overrides = tmp_path / "one", ["search.trials=2"]
    search(sweep(*overrides), out=out, storage=storage, workers=1)
    search(sweep(*overrides), out=tmp_path / "other", storage=storage, workers=1, fresh=True)
    for folder in (out, tmp_path / "other"):
        assert search(sweep(), out=folder, storage=storage, workers=1).trials.num_rows == 6
    (tmp_path / "other" / "log" / "study").unlink()
    assert search(sweep("search.trials=7"), out=tmp_path / "other", storage=storage, workers=1).trials.num_rows == 7
    assert [len(trials) for trials in studies(storage)] == [6, 7]


# --- Ctrl-C


@pytest.mark.parametrize("small", [True, False])
def test_who_has_given_up_its_parts_waits_for_nothing(tmp_path, storage, monkeypatch, small):
    """What is small is published at the end; else it is left, and said, and what was not run is given back at once."""
    if not small:
        monkeypatch.setattr("sweepgd.storage.shared.CLOSE_BYTES", 100)
    out, notes = tmp_path / "out", []
    shared = joined(storage, out, 9, notes)
    run(shared, 9, 2)
    wait_until_shown(shared, 2)
    with pytest.raises(GivenUp):
        shared.publish(lambda: True)
    run(shared, 9, 3)
    shared.close()
    monkeypatch.undo()
    left = out / "log" / shared._claims.holder
    assert notes == ([] if small else [f"{left} keeps results for the next command to add"])
    assert left.exists() != small
    assert len(attempts(out)) == (5 if small else 2)
    with create_engine(storage, poolclass=NullPool).begin() as connection:
        held = connection.execute(
            text("SELECT count(*) FROM sweepgd_claims WHERE lease_until IS NOT NULL AND state <> 'recorded'")
        )
        assert held.scalar_one() == (0 if small else 3)
    shared = joined(storage, out, 9)
    assert len(run(shared, 9)) == 4
    shared.close()
    assert attempts(out).keys() == set(range(9))


@pytest.mark.parametrize("how", ["stopped", "hanging"])
def test_ctrl_c_while_the_database_is_away_leaves_what_finished(tmp_path, server, storage, how):
    overrides = ("search.trials=6", *SLOW)
    file, out = write(tmp_path, LINEAR, *overrides), tmp_path / "shared"
    patient = dict.fromkeys(("sweepgd.storage.shared.CLOSE_SECONDS", "sweepgd.storage.link.SILENT_SECONDS"), 3600.0)
    with started(command(file, storage, out, constants=patient)) as stopped:
        wait_for_rows(out, 2, stopped)
        with getattr(server, how)():
            time.sleep(0.5)
            stopped.send_signal(signal.SIGINT)
            said = stopped.communicate()[1]
    assert stopped.returncode == 130
    assert "the database does not answer: " in said
    search(file, out=out, storage=storage, workers=2)
    assert_once(out, 6)
