"""Blocks that an executor loses are run again, and its workers are left clean when a study ends."""

import os
import sys
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4

import pytest
from linear_sweep import sweep
from session import alive
from waiting import wait_until
from worker_tasks import Task, waits_for_gate

from sweepgd import search
from sweepgd.core.errors import SweepgdError
from sweepgd.execution import executor_transport, helpers
from sweepgd.execution.executor_transport import ExecutorTransport
from sweepgd.execution.messages import Block, Returned, Study
from sweepgd.execution.transport import BlockEnded, BlockLost


def study_of(run):
    return Study(uuid4().hex[:12], sweep(), run, (), {}, {}, {}, None, False)


class Scripted(Executor):
    """Blocks end as it is told, one after the other."""

    _max_workers = 2

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)

    def submit(self, function, *arguments):
        future = Future()
        if function is not helpers.run_block:
            future.set_result(None)
        elif isinstance(outcome := self.outcomes.pop(0), Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
        return future


def carried(*outcomes):
    """The events of blocks that end so."""
    transport = ExecutorTransport(Scripted(*outcomes), study_of(waits_for_gate), print)
    found = []
    for number in range(len(outcomes)):
        transport.submit(Block(number, (Task(Path("x")),)))
        found += transport.events(0)
    return found


def test_a_block_that_ends_by_an_exception_is_a_loss_and_a_broken_executor_the_end():
    lost = BlockLost(0, blameless=False, why="its worker was lost (OSError: the actor died)")
    ended = Returned()
    assert carried(OSError("the actor died"), ended) == [lost, BlockEnded(1, ended)]
    with pytest.raises(SweepgdError, match=r"^the executor is broken \(BrokenExecutor: all gone\): give another executor$"):
        carried(BrokenExecutor("all gone"))
    with pytest.raises(SweepgdError, match=r"all gone\): finished trials are recorded; continue with another executor$"):
        carried(Returned(["a result"]), BrokenExecutor("all gone"))


def test_ten_exceptions_in_a_row_are_the_end():
    nine = [OSError("no")] * 9
    assert len(carried(*nine, Returned(), *nine)) == 19
    with pytest.raises(SweepgdError, match=r"^the executor cannot run trials \(OSError: no\): give another executor$"):
        carried(*nine, OSError("no"))


def test_an_ended_study_begins_no_block_and_neither_does_an_unwanted_one():
    study, block = study_of(waits_for_gate), Block(1, (Task(Path("never")),))
    assert helpers.run_block(study.id, block, study, wanted=lambda: False) == Returned(not_begun=[*block.tasks])
    helpers.end(study.id)
    assert helpers.run_block(study.id, block, study) == Returned(not_begun=[*block.tasks])
    assert study.id not in helpers._studies


class Interrupted:
    """A helper whose worker is interrupted."""

    closed = 0

    def __init__(self, start):
        pass

    def run(self, block, report):
        raise KeyboardInterrupt

    def close(self):
        Interrupted.closed += 1


def test_an_interrupted_worker_closes_its_helper(monkeypatch):
    monkeypatch.setattr(helpers, "Helper", Interrupted)
    study = study_of(waits_for_gate)
    with pytest.raises(KeyboardInterrupt):
        helpers.run_block(study.id, Block(1, (Task(Path("never")),)), study)
    assert Interrupted.closed == 1
    assert helpers._studies[study.id]._running == {}
    helpers.end(study.id)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are listed as Linux does")
def test_a_search_leaves_no_helper_and_no_file_on_the_processes_of_an_executor(short_folder, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(short_folder))
    with ProcessPoolExecutor(2, get_context("spawn")) as executor:
        search(sweep(), out=tmp_path / "out", executor=executor)
        workers = set(executor._processes)
        assert not list(short_folder.glob("sweepgd-data-*"))
        wait_until(lambda: not [each for each in alive(os.getsid(0)) if each.parent in workers])


def test_the_threads_of_an_executor_drain_and_what_runs_on_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setattr(executor_transport, "CLOSE_SECONDS", 0.0)
    notes, first, second = [], Task(tmp_path / "first"), Task(tmp_path / "second")
    with ThreadPoolExecutor(1) as executor:
        transport = ExecutorTransport(executor, study_of(waits_for_gate), notes.append)
        transport.submit(Block(1, (first, second)))
        wait_until(lambda: transport.events(0.1) or first.path.exists())
        transport.withdraw(drain=True)
        (tmp_path / "open").touch()
        found = []
        wait_until(lambda: found.extend(transport.events(0.1)) or found)
        assert [each.task for each in found[0].outcome.events] == [first]
        assert found[0].outcome.not_begun == [second]
        other = ExecutorTransport(executor, study_of(waits_for_gate), notes.append)
        (tmp_path / "open").unlink()
        other.submit(Block(1, (second,)))
        wait_until(lambda: other.events(0.1) or second.path.exists())
        transport.close()
        assert notes == []
        other.close()
        assert notes == [
            "1 block is still running in the executor and will end within about a second; the results are not recorded"
        ]
