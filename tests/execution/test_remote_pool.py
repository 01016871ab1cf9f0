"""A remote pool forms blocks, and repeats the tasks of lost blocks."""

import pytest
from execution.fake_transport import FakeTransport, Result, Task, end, fill, pool_of

from sweepgd.core.errors import SweepgdError
from sweepgd.core.outcome import FAILED
from sweepgd.execution import remote_pool
from sweepgd.execution.messages import HelperLost, Refused, Returned, RungReport
from sweepgd.execution.transport import BlockEnded, BlockLost, RungReported
from sweepgd.execution.worker_handle import Lost, Rung


@pytest.fixture
def transport():
    return FakeTransport()


def test_blocks_have_one_task_until_the_pace_is_known_then_fill_a_blocks_time(transport):
    pool, tasks = pool_of(transport), (Task(number) for number in range(1000))
    fill(pool, tasks)
    assert list(pool.events(0)) == []
    first = list(transport.sent)
    assert transport.trials() == [[0], [1], [2], [3]]  # two for each of two slots
    assert not pool.has_room
    end(transport, first[0], 0.1)
    assert list(pool.events(0)) == [Result(0, 0.1)]
    fill(pool, tasks)
    assert list(pool.events(0)) == []
    assert transport.trials() == [list(range(4, 14))]


def test_the_last_tasks_are_divided_among_the_slots(transport):
    pool = pool_of(transport)
    pool.submit(Task(0))
    list(pool.events(0))
    end(transport, transport.sent[0], 1e-3)
    list(pool.events(0))
    transport.trials()
    for number in range(1, 8):
        pool.submit(Task(number))
    assert pool.has_room
    list(pool.events(0))
    assert transport.trials() == [[1, 2], [3, 4], [5, 6], [7]]


def lose(pool, transport, block, *, blameless=False):
    """The worker of a block is lost. Returns the events."""
    transport.coming.append(BlockLost(block.number, blameless=blameless))
    return list(pool.events(0))


def test_a_lost_block_is_run_again_in_parts_and_a_task_three_times_in_all(transport):
    pool = pool_of(transport)
    pool._seconds = 0.1
    for number in range(5):
        pool.submit(Task(number))
    transport.slots = 0.5  # one block
    list(pool.events(0))
    (block,) = transport.sent
    assert block.tasks == tuple(Task(number) for number in range(5))
    transport.slots = 10
    assert lose(pool, transport, block) == []
    assert pool.notes == ["a worker was lost: 5 trials begin again on another worker"]
    list(pool.events(0))
    one, other = transport.sent[1:]
    assert (one.tasks, other.tasks) == ((Task(0, 2), Task(1, 2), Task(2, 2)), (Task(3, 2), Task(4, 2)))
    end(transport, other, 0.1)
    transport.coming.append(BlockEnded(one.number, HelperLost("by signal SIGKILL")))
    assert list(pool.events(0)) == [Result(3, 0.1), Result(4, 0.1)]
    list(pool.events(0))
    alone = transport.sent[3:]
    assert [block.tasks for block in alone] == [(Task(number, 3),) for number in range(3)]
    assert lose(pool, transport, alone[1]) == [Lost(Task(1, 3), FAILED, "its worker was lost, in each of 3 attempts")]
    for block in (alone[0], alone[2]):
        end(transport, block, 0.1)
    assert list(pool.events(0)) == [Result(0, 0.1), Result(2, 0.1)]
    assert not pool.busy


def test_one_task_among_2000_that_ends_its_workers_is_found_in_90_more_blocks(transport):
    pool = pool_of(transport)
    pool._seconds, transport.slots = 1e-4, 0.5
    for number in range(2000):
        pool.submit(Task(number))
    done, lost, blocks, transport.slots = [], [], 0, 1
    while pool.busy:
        list(pool.events(0))
        sent, transport.sent = transport.sent, []
        for block in sent:
            blocks += 1
            if any(task.trial == 777 for task in block.tasks):
                lost += lose(pool, transport, block)
            else:
                end(transport, block, 1e-4)
                done += [event.trial for event in pool.events(0)]
    assert [each.task for each in lost] == [Task(777, 3)]
    assert sorted(done) == [number for number in range(2000) if number != 777]
    assert blocks <= 2 + 45 + 45


def test_attempts_on_a_worker_and_losses_of_workers_are_one_count(transport):
    pool = pool_of(transport)
    pool.submit(Task(0))
    list(pool.events(0))
    killed = "the worker process ended by signal SIGKILL"
    transport.coming.append(BlockEnded(1, Returned([Lost(Task(0), FAILED, killed, killed=True)])))
    assert list(pool.events(0)) == []
    assert pool.notes == [f"{killed}: 1 trial begins again on another worker"]
    list(pool.events(0))
    assert transport.sent[1].tasks == (Task(0, 2),)
    assert lose(pool, transport, transport.sent[1]) == []
    list(pool.events(0))
    assert transport.sent[2].tasks == (Task(0, 3),)
    last = Lost(Task(0, 3), FAILED, f"{killed}, in each of 3 attempts", killed=True)
    transport.coming.append(BlockEnded(3, Returned([last])))
    assert list(pool.events(0)) == [last]
    assert not pool.busy


def test_a_loss_that_no_trial_can_have_caused_costs_no_attempt(transport):
    pool = pool_of(transport)
    pool.submit(Task(0))
    for _ in range(5):
        list(pool.events(0))
        (block,) = transport.sent
        transport.sent.clear()
        assert block.tasks == (Task(0),)
        transport.coming.append(BlockLost(block.number, blameless=True))
        assert list(pool.events(0)) == []
    assert pool.busy
    assert pool.notes == []


def test_a_block_that_never_begins_ends_the_search_with_a_line(transport):
    pool = pool_of(transport)
    pool.submit(Task(0))
    line = (
        "a block of trials was cancelled or lost 100 times before it began at tcp://there:8786: finished trials are recorded,"
        " run the same command to continue"
    )
    for _ in range(99):
        list(pool.events(0))
        assert lose(pool, transport, transport.sent.pop(), blameless=True) == []
    list(pool.events(0))
    with pytest.raises(SweepgdError, match=f"^{line}$"):
        lose(pool, transport, transport.sent.pop(), blameless=True)


def test_a_cluster_without_workers_is_said_once_to_have_none(transport, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(remote_pool, "monotonic", lambda: now[0])
    transport.slots = 0
    pool = pool_of(transport)
    for now[0] in (100.0, 104.9):
        list(pool.events(0))
        assert pool.notes == []
    for now[0] in (105.1, 200.0):
        list(pool.events(0))
        assert pool.notes == ["no workers are ready yet at tcp://there:8786: waiting"]


def test_tasks_that_a_block_did_not_begin_are_sent_again(transport):
    pool = pool_of(transport)
    pool._seconds, transport.slots = 0.1, 0.5
    for number in range(3):
        pool.submit(Task(number))
    list(pool.events(0))
    (block,) = transport.sent
    assert transport.trials() == [[0, 1, 2]]
    transport.coming.append(BlockEnded(block.number, Returned([Result(0, 9.0)], list(block.tasks[1:]))))
    assert list(pool.events(0)) == [Result(0, 9.0)]
    list(pool.events(0))
    assert transport.trials() == [[1]]  # the pace is slower than was thought


def test_a_withdrawn_pool_drops_what_has_not_begun(transport):
    pool = pool_of(transport)
    for number in range(5):
        pool.submit(Task(number))
    list(pool.events(0))
    first, *others = transport.sent
    pool.withdraw()
    assert transport.withdrawn == [False]
    transport.coming += [BlockEnded(first.number, Returned([Result(0, 1.0)]))]
    transport.coming += [BlockEnded(block.number, Returned(not_begun=list(block.tasks))) for block in others]
    assert list(pool.events(0)) == [Result(0, 1.0)]
    assert not pool.busy
    assert len(transport.sent) == 4


def test_a_worker_that_cannot_begin_ends_the_search(transport):
    pool = pool_of(transport)
    pool.submit(Task(0))
    list(pool.events(0))
    transport.coming.append(BlockEnded(transport.sent[0].number, Refused("numpy is 1.0 instead of 2.0")))
    with pytest.raises(SweepgdError, match=r"a worker cannot begin: numpy is 1.0 instead of 2.0"):
        list(pool.events(0))


def test_long_trials_are_judged_by_the_driver_and_short_ones_by_their_block(transport):
    pool = pool_of(transport, rungs=3, table=lambda: "table")
    pool.submit(Task(0))
    list(pool.events(0))
    assert transport.sent[0].table is None
    transport.coming.append(RungReported(transport.sent[0].number, RungReport(Task(0), 25, 0.5, judged=False)))
    (rung,) = pool.events(0)
    assert rung == Rung(Task(0), 25, 0.5, transport.sent[0].number)
    pool.reply(rung, True)
    assert transport.answered == [(transport.sent[0].number, True)]
    end(transport, transport.sent[0], 2.0)  # half a second between two rungs
    list(pool.events(0))
    pool.submit(Task(1))
    list(pool.events(0))
    assert transport.sent[1].table is None
    end(transport, transport.sent[1], 0.01)  # the mean is below then
    list(pool.events(0))
    pool.submit(Task(2))
    list(pool.events(0))
    assert transport.sent[2].table == "table"
    judged = RungReport(Task(2), 25, 0.5, judged=True)
    transport.coming.append(BlockEnded(transport.sent[2].number, Returned([judged, Result(2, 0.01)])))
    rung, result = pool.events(0)
    assert (rung, result) == (Rung(Task(2), 25, 0.5, None), Result(2, 0.01))
    pool.reply(rung, False)
    assert len(transport.answered) == 1


def test_a_system_without_answers_has_every_trial_judged_by_its_table(transport):
    transport.answers = False
    pool = pool_of(transport, rungs=3, table=lambda: "table")
    pool.submit(Task(0))
    list(pool.events(0))
    assert transport.sent[0].table == "table"
