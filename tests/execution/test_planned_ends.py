"""A remote pool runs a task again after the planned end of its worker, and fails one that is too long for every worker."""

import pytest
from execution.fake_transport import FakeTransport, Result, Task, end, pool_of

from sweepgd.core.outcome import FAILED
from sweepgd.execution.messages import Block
from sweepgd.execution.transport import BlockLost, PlannedEnd
from sweepgd.execution.worker_handle import Lost


@pytest.fixture
def transport():
    return FakeTransport()


def interrupt(pool, transport, ran, longest_life):
    """Let the worker of the only block end as planned. Return the events and the block."""
    list(pool.events(0))
    (block,) = transport.sent
    transport.sent.clear()
    transport.coming.append(BlockLost(block.number, blameless=True, end=PlannedEnd(ran, longest_life)))
    return list(pool.events(0)), block


def test_a_task_that_had_the_whole_life_of_three_workers_fails(transport):
    pool = pool_of(transport)
    pool.submit(Task(0))
    line = "did not end in the 3540 s before its worker's walltime"
    for _ in range(2):
        assert interrupt(pool, transport, 3500.0, 3540.0) == ([], Block(pool._numbers, (Task(0),)))
    assert pool.notes == [f"a trial {line}: it waits for a new worker"] * 2
    events, _ = interrupt(pool, transport, 3500.0, 3540.0)
    advice = "give the workers a longer walltime, or set fewer epochs or a --trial-timeout"
    assert events == [Lost(Task(0), FAILED, f"{line}, 3 times: {advice}")]
    assert not pool.busy


def test_a_task_that_had_less_than_the_whole_life_of_its_workers_never_fails(transport):
    pool = pool_of(transport)
    pool.submit(Task(0))
    for _ in range(10):
        assert interrupt(pool, transport, 3000.0, 3540.0) == ([], Block(pool._numbers, (Task(0),)))
    assert pool.notes == []


def test_the_tasks_of_a_block_that_had_a_whole_life_run_alone_before_one_fails(transport):
    pool = pool_of(transport)
    pool._seconds, transport.slots = 0.1, 0.5
    for number in range(2):
        pool.submit(Task(number))
    assert interrupt(pool, transport, 60.0, 60.0) == ([], Block(1, (Task(0), Task(1))))
    ended = []
    for _ in range(3):
        ended += interrupt(pool, transport, 60.0, 60.0)[0]
        list(pool.events(0))
        (block,) = transport.sent  # the other task
        assert block.tasks == (Task(1),)
        transport.sent.clear()
        transport.coming.append(BlockLost(block.number, blameless=True, end=PlannedEnd(1.0, 60.0)))
        assert list(pool.events(0)) == []
    assert [lost.task for lost in ended] == [Task(0)]


def test_an_interrupted_task_waits_for_enough_life_and_others_go_first(transport):
    pool = pool_of(transport)
    transport.slots = 0.5
    pool.submit(Task(0))
    assert interrupt(pool, transport, 30.0, 60.0)[0] == []
    transport.life_left = 20.0
    assert pool.has_room
    pool.submit(Task(1))
    list(pool.events(0))
    end(transport, transport.sent[0], 0.1)
    assert transport.trials() == [[1]]
    assert list(pool.events(0)) == [Result(1, 0.1)]
    list(pool.events(0))
    assert transport.trials() == []
    assert pool.busy
    transport.life_left = 60.0
    assert not pool.has_room
    list(pool.events(0))
    assert transport.trials() == [[0]]
