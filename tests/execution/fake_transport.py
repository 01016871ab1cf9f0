"""A transport whose events a test chooses, and a remote pool on it."""

from dataclasses import dataclass, field
from math import inf

from sweepgd.execution.messages import Block, Returned
from sweepgd.execution.remote_pool import RemotePool
from sweepgd.execution.transport import BlockEnded


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
        """Return the trial numbers of each block since the last call."""
        sent, self.sent = self.sent, []
        return [[task.trial for task in block.tasks] for block in sent]


def pool_of(transport, **options):
    notes = []
    pool = RemotePool(transport, notes.append, **options)
    pool.notes = notes
    return pool


def fill(pool, tasks):
    """Submit tasks while the pool has room."""
    while pool.has_room:
        pool.submit(next(tasks))


def end(transport, block, seconds):
    """Let a block end, with a result of `seconds` for each of its tasks."""
    transport.coming.append(BlockEnded(block.number, Returned([Result(task.trial, seconds) for task in block.tasks])))
