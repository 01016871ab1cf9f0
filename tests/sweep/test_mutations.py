"""A sweep file with anything wrong in it ends in a plan, a run or one line: never in a traceback or in silence."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from commands import call
from mutations import mutation

from sweepgd.core.errors import SweepgdError
from sweepgd.sweep import parse

ALL, FEW = range(2000), range(0, 2000, 40)
# Of the few, every third valid one runs.
RUN_FEW = 3
PARTS = 10
# Of processor time of this process, so that a busy machine is no hang; each takes 0.1 s, or with data that are read for the
# first time 3 s. What waits elsewhere, for a worker, ends at the search's --timeout.
SILENT_SECONDS = 20


@contextmanager
def no_silence(number: int) -> Iterator[None]:
    """Raise AssertionError where what is inside computes for too long."""

    def give_up(*_: object) -> None:
        raise AssertionError(f"mutation {number}: silent for {SILENT_SECONDS} s")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, SILENT_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs the command line on a mutation of the number, in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def command(number, *flags):
        Path("m.toml").write_bytes(mutation(number).encode("utf-8", "surrogatepass"))
        with no_silence(number):
            return call(monkeypatch, capsys, "search", "m.toml", *flags)

    return command


def check(number, ended):
    """Asserts that a dry run showed a plan, or one line of what is wrong; returns whether it showed a plan."""
    if ended.code == 0:
        assert "The sweep is valid; nothing was run." in ended.out, number
        assert all(line.startswith("warning: ") for line in ended.err.splitlines()), (number, ended.err)
        return True
    assert ended.code in (1, 2), number
    assert ended.err.startswith("sweepgd: "), (number, ended.err)
    assert ended.err.count("\n") == 1, (number, ended.err)
    assert ended.err.isprintable() or ended.err[:-1].isprintable(), (number, ended.err)
    assert len(ended.err) < 700, number
    assert ended.out == "", number
    return False


def run_valid(run, numbers, step=1):
    """Check a dry run of each number, and run every `step`-th of those that are valid."""
    valid = [number for number in numbers if check(number, run(number, "--dry-run"))]
    assert len(numbers) / 50 < len(valid) < len(numbers) / 2  # both ways out are gone
    for number in valid[::step]:
        limits = ("--trials", "1", "--workers", "1", "--trial-timeout", "2s", "--timeout", "60s", "--out", str(number), "-q")
        ended = run(number, *limits)
        assert ended.code in (0, 3), (number, ended.err)
        assert "Traceback" not in ended.err, number
        assert "Error: " not in ended.err, (number, ended.err)  # a trial that failed by an exception of ours
        assert f"Recorded in {number}." in ended.out


def test_a_mutated_sweep(run):
    run_valid(run, FEW, RUN_FEW)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_mutated_sweep(run, part):
    """All 2,000, and all valid ones run; in parts, so that processes may share them."""
    run_valid(run, ALL[part::PARTS])


def test_mutations_are_those_of_their_number():
    assert len({mutation(number) for number in FEW}) >= 0.95 * len(FEW)  # two numbers may draw the same change
    assert mutation(17) == mutation(17)


def test_mutations_reach_every_table():
    """Of those that are TOML and refused, the lines name keys of each table."""
    named = set()
    for number in ALL:
        try:
            parse(mutation(number), where="")
        except SweepgdError as problem:
            named.update(table for table in TABLES if str(problem).startswith(f"{table}."))
    assert named == set(TABLES)


TABLES = ("data", "model", "budget", "space", "search", "measure", "optimizer", "schedule", "batch_schedule")
