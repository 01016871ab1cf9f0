"""Every write, fsync, rename and removal of a command's results fails in turn: what was durable is there, and once."""

import errno
import shutil
from concurrent.futures import Future
from contextlib import suppress
from itertools import count
from types import SimpleNamespace

import pytest
from faulty import Disk
from joining import attempts, record

from sweepgd.problem import Problem
from sweepgd.record import NoRoom
from sweepgd.record.schema import SCHEMAS, footer
from sweepgd.storage.counting import Counting
from sweepgd.storage.dead import dead
from sweepgd.storage.writer import Writer, attempt_of

SWEEP = "name = 'counting'\n"


class Database:
    """Claims that all count, and a link to them that answers at once."""

    def __init__(self):
        self.known, self._segment = [], 0

    def submit(self, job):
        answer = Future()
        answer.set_result(job())
        return answer

    def segment(self, least):
        self._segment = max(self._segment + 1, least)
        return self._segment

    def finish(self, attempts):
        return set(attempts)

    def recorded(self, trials):
        self.known += trials


def repeated(step):
    """Takes a step, and again where there was no room, as it fails once."""
    try:
        step()
    except NoRoom:
        step()


def settle(counting):
    """Asks, shows, and each again where there was no room."""
    for _ in range(4):
        counting.settle()


def live(writer, database, durable):
    """Two results, each published once it is shown, or with the next; `durable` receives what a crash must not lose."""
    counting = Counting(writer, database, database, SimpleNamespace(counts=lambda trial: None), footer(SWEEP))
    for trial in range(2):
        counting.append(record(trial, 1))
        repeated(counting.flush)
        durable.add(trial)
        settle(counting)
        with suppress(NoRoom):
            counting.publish()
    repeated(counting.publish)
    settle(counting)
    repeated(counting.publish)
    assert counting.settled


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", [errno.ENOSPC, errno.EIO], ids=["ENOSPC", "EIO"])
def test_whatever_fails_nothing_that_was_durable_is_lost(tmp_path, kind, every):
    failures = 0
    for last in count(step=every):
        out, durable, database = tmp_path / "out", set(), Database()
        for folder in ("log", *SCHEMAS):
            (out / folder).mkdir(parents=True)
        (out / "sweep.toml").write_text(SWEEP)
        writer = Writer(out, "one")
        with pytest.MonkeyPatch.context() as patch:
            disk = Disk(last, patch, kind)
            try:
                live(writer, database, durable)
            except Problem:
                assert kind == errno.EIO  # there is no way on with a broken disk
        failures += disk.left < 0
        writer.close(leave=True)
        shown = attempts(out).keys()
        assert set(database.known) <= shown
        assert durable == {0, 1} or kind == errno.EIO
        for command in dead(out):
            waiting = {attempt_of(each)[0] for each in command.waiting()}
            command.publish(footer(SWEEP))
            assert attempts(out).keys() == shown
            assert durable <= shown | waiting
        if kind == errno.ENOSPC:
            assert durable == shown
        if disk.left >= 0:
            break
        shutil.rmtree(out)
    assert failures > 60 // every


def test_a_segment_is_not_begun_where_there_is_a_part_of_its_number(tmp_path):
    (tmp_path / "curves").mkdir()
    (tmp_path / "curves" / "000003.parquet").touch()
    writer = Writer(tmp_path, "one")
    with pytest.raises(Problem, match=r"has parts 000003 already, which the database does not know: run it again$"):
        writer.begin_segment(3)
    writer.begin_segment(2)
    writer.close(leave=False)
