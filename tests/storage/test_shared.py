"""Several commands on one database and one folder: every trial once, whoever dies, and whenever the database is away."""

import signal
import sys
import time
from contextlib import ExitStack, contextmanager
from subprocess import PIPE, Popen

import pytest
from commands import process, wait_for_rows
from sqlalchemy import NullPool, create_engine, text
from tiny import LINEAR, assert_same, computed, sweep

from sweepgd import load, search

GRID = LINEAR.replace("low = 1e-3, high = 0.3, log = true", "low = 0.001, high = {high}, step = 0.001").replace(
    "low = 0.1, high = 0.9", "low = 0.5, high = 0.9, step = 0.4"
)


def command(file, storage, out, *more):
    return [*process("search", str(file), "--storage", storage, "--out", str(out), "--workers", "1", "-v"), *more]


def with_lease(seconds, arguments):
    """The same command with another lease."""
    code = (
        "import sys, sweepgd.storage; sys.argv[0] = 'sweepgd';"
        f" sys.modules['sweepgd.storage.claims'].LEASE_SECONDS = sys.modules['sweepgd.storage.join'].LEASE_SECONDS = {seconds};"
        " from sweepgd.cli import main; main()"
    )
    return [sys.executable, "-c", code, *arguments[3:]]


@contextmanager
def started(arguments):
    """A command that is gone afterwards."""
    with Popen(arguments, stdout=PIPE, stderr=PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def all_started(arguments, count):
    with ExitStack() as stack:
        yield [stack.enter_context(started(arguments)) for _ in range(count)]


def ended(commands):
    """What each command said, all of which must end well."""
    said = [started.communicate(timeout=300)[1] for started in commands]
    assert [started.returncode for started in commands] == [0] * len(commands), said
    return said


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
        return LINEAR, (f"search.trials={trials}", "search.seed=5")
    rates = trials // 9 + 1  # 3 batch sizes, 2 optimizers, the second with 2 β: 9 points a rate; the rest is not asked for
    return GRID.replace("{high}", f"{rates / 1000}"), ("search.sampler='grid'", f"search.trials={trials}")


@pytest.mark.parametrize("kind", ["grid", "random"])
@pytest.mark.parametrize(
    ("commands", "trials"), [(2, 50), *(pytest.param(count, 500, marks=pytest.mark.slow) for count in (2, 4, 8))]
)
def test_commands_divide_a_sweep(tmp_path, storage, kind, commands, trials):
    text, overrides = study_of(kind, trials)
    file, out = write(tmp_path, text, *overrides), tmp_path / "shared"
    with all_started(command(file, storage, out), commands) as all_of_them:
        ended(all_of_them)
    assert_once(out, trials)
    assert_same(search(sweep(*overrides, text=text), out=tmp_path / "alone", workers=1), load(out))


# --- Who dies


def wait_for_takeover(storage):
    """Waits until a trial has had a second holder."""
    deadline = time.monotonic() + 60
    with create_engine(storage, poolclass=NullPool).connect() as connection:
        while not connection.execute(text("SELECT count(*) FROM sweepgd_claims WHERE attempt > 1")).scalar_one():
            connection.rollback()
            assert time.monotonic() < deadline
            time.sleep(0.1)


SLOW = ("budget.epochs=4000",)


def test_what_a_killed_command_held_is_taken_over(tmp_path, storage):
    """Killed in the middle: what it had finished is kept, what it ran is run again, as another attempt."""
    overrides = ("search.trials=24", *SLOW)
    file, out = write(tmp_path, LINEAR, *overrides), tmp_path / "shared"
    with started(command(file, storage, out)) as killed:
        wait_for_rows(out, 3, killed)
    with started(command(file, storage, out)) as other:
        [said] = ended([other])
    assert "ended without a word: its trials are taken over" in said
    assert_once(out, 24)
    attempts = load(out).trials["attempt"].to_pylist()
    assert set(attempts) == {1, 2}
    alone = search(sweep(*overrides), out=tmp_path / "alone", workers=2)
    assert attemptless(alone.trials).equals(attemptless(load(out).trials))


def test_a_result_that_comes_after_the_lease_is_set_aside(tmp_path, storage):
    """A command that was stopped for longer than its lease finds its trial taken over, and says so."""
    overrides = ("search.trials=12", *SLOW)
    file, out = write(tmp_path, LINEAR, *overrides), tmp_path / "shared"
    with started(with_lease(2, command(file, storage, out))) as stopped:
        wait_for_rows(out, 2, stopped)
        stopped.send_signal(signal.SIGSTOP)
        with started(with_lease(2, command(file, storage, out))) as other:
            wait_for_takeover(storage)
            stopped.send_signal(signal.SIGCONT)
            said, others = ended([stopped, other])
    assert "ended after another command had taken it over: set aside in" in said
    assert "set aside" not in others
    assert_once(out, 12)
    [late] = (out / "late").iterdir()
    assert late.stat().st_size > 100


# --- The database away


@pytest.mark.parametrize(
    ("outages", "seconds", "trials"),
    [(1, 3.0, 40), pytest.param(3, 0.0, 150, marks=pytest.mark.slow), pytest.param(1, 60.0, 150, marks=pytest.mark.slow)],
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
        for said in ended(commands):
            assert said.count("the database is away: training goes on") == said.count("the database is back") >= 1
    assert_once(out, trials)
    assert_same(search(sweep(*overrides), out=tmp_path / "alone", workers=2), load(out))
