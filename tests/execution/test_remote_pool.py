"""How a remote pool forms blocks, and what becomes of the tasks of a block that is lost."""

from dataclasses import dataclass, field
from math import inf

import pytest

from sweepgd.core.errors import SweepgdError
from sweepgd.core.outcome import FAILED
from sweepgd.execution import remote_pool
from sweepgd.execution.messages import Block, HelperLost, Refused, Returned, RungReport
from sweepgd.execution.remote_pool import RemotePool
from sweepgd.execution.transport import BlockEnded, BlockLost, PlannedEnd, RungReported
from sweepgd.execution.worker_handle import Lost, Rung


@dataclass(frozen=True)
class Task:
    trial: int
    attempt: int = 1


@dataclass(frozen=True)
class Result:
    trial: int
    seconds: float


@dataclass
class FakeTransport:
    """Keeps the blocks that it is given, and returns the events that a test puts into it."""

    slots: int = 2
    block_seconds: float = 1.0
    answers: bool = True
    where: str = "tcp://there:8786"
    life_left: float = inf
    sent: list[Block] = field(default_factory=list)
    coming: list = field(default_factory=list)
    answered: list = field(default_factory=list)
    withdrawn: list = field(default_factory=list)

    def open(self):
        pass

    def close(self):
        pass

    def can_run(self, seconds):
        return seconds < self.life_left

    def submit(self, block, seconds=0.0):
        self.sent.append(block)

    def events(self, timeout):
        coming, self.coming = self.coming, []
        return coming

    def answer(self, block, prune):
        self.answered.append((block, prune))

    def withdraw(self, drain):
        self.withdrawn.append(drain)

    def trials(self):
        """The trial numbers of each block since the last call."""
        sent, self.sent = self.sent, []
        return [[task.trial for task in block.tasks] for block in sent]


@pytest.fixture
def transport():
    return FakeTransport()


def pool_of(transport, **options):
    notes = []
    pool = RemotePool(transport, notes.append, **options)
    pool.notes = notes
    return pool


def fill(pool, tasks):
    """Submits what there is room for."""
    while pool.has_room:
        pool.submit(next(tasks))


def end(transport, block, seconds):
    """The results of all tasks of a block, each of so many seconds."""
    transport.coming.append(BlockEnded(block.number, Returned([Result(task.trial, seconds) for task in block.tasks])))


def test_blocks_are_of_one_task_until_the_pace_is_known_and_then_of_the_time_of_a_block(transport):
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
    assert pool.notes == ["a worker was lost: 5 trials begin anew on another"]
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
    assert pool.notes == [f"{killed}: 1 trial begins anew on another"]
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
        "a block of trials was cancelled or lost 100 times before it began at tcp://there:8786: what finished is recorded, and"
        " the same command goes on"
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


def interrupt(pool, transport, ran, longest_life):
    """The worker of the only block ends as planned. Returns the events and the block."""
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
    assert pool.notes == [f"a trial {line}: it awaits a new worker"] * 2
    events, _ = interrupt(pool, transport, 3500.0, 3540.0)
    advice = "give the workers a longer walltime, or fewer epochs, or a --trial-timeout"
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


def test_an_interrupted_task_waits_for_a_worker_with_enough_life_and_others_go_first(transport):
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


def test_long_trials_are_judged_by_the_driver_and_short_ones_by_the_table_of_their_block(transport):
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
