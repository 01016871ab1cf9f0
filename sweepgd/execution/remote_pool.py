"""A pool whose workers are on other machines. Tasks are sent in blocks, and lost blocks are run again."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import ceil, inf, sqrt
from time import monotonic
from types import TracebackType
from typing import Any

from sweepgd.core.errors import SweepgdError
from sweepgd.core.outcome import FAILED
from sweepgd.execution.helpers import BlockOutcome
from sweepgd.execution.messages import Block, HelperLost, Refused, Returned, RungReport
from sweepgd.execution.pool import ATTEMPTS
from sweepgd.execution.pruners import PruningTable
from sweepgd.execution.transport import WHOLE_LIFE, BlockEnded, BlockLost, PlannedEnd, RungReported, Transport
from sweepgd.execution.worker_handle import SHORTEST_SECONDS, Lost, Rung, begun_again

# Blocks per slot, including the running block. With two or more, a slot does not wait for its next block. The wait would be a
# round trip of 10 to 30 ms.
BLOCKS_A_SLOT = 2
# If trials train for at least this many seconds between rungs, the driver decides about pruning, because the driver knows all
# reports. A round trip to the driver is short in comparison.
JUDGED_BY_DRIVER_SECONDS = 0.5
# If a cluster has no workers for this many seconds, a message tells the user. A worker needs 2 s to start.
WORKERLESS_SECONDS = 5.0
# A block that was lost this many times before it began is given up.
MOST_LOSSES_UNBEGUN = 100


@dataclass
class _Sent:
    """A block that was sent."""

    tasks: tuple[Any, ...]
    ran: float = 0.0
    """The seconds that the block's next worker must still have before its planned end. The value is WHOLE_LIFE times the
    longest time for which the block ran before a planned end.
    """
    unbegun: int = 0
    """The number of times that the block was lost although its tasks cannot be the cause."""
    whole_lives: int = 0
    """The number of workers that ran this block for their whole life and ended as planned before the block did. The number is
    counted only for a block with a single task.
    """


class RemotePool:
    """Runs the tasks of one study through a transport. The pool is a context manager.

    If trials may be pruned, `rungs` is the number of rungs, and `table` returns all reports so far. `note` receives lines for
    the user. A task whose worker is lost has at most ATTEMPTS attempts. The planned end of a worker does not count as a loss.
    After a planned end, the task waits for a worker that has more time left than the task has run so far. The task fails if
    ATTEMPTS workers, one after another, ran it for their whole lives and reached their planned end before it finished.
    """

    def __init__(
        self,
        transport: Transport,
        note: Callable[[str], None],
        *,
        rungs: int = 0,
        table: Callable[[], PruningTable] | None = None,
    ) -> None:
        self._transport, self._note, self._rungs, self._table = transport, note, rungs, table
        self._waiting: deque[Any] = deque()
        self._again: deque[_Sent] = deque()
        """Blocks to be sent again."""
        self._sent: dict[int, _Sent] = {}
        self._numbers = 0
        self._seconds = inf
        """The running mean of the duration of a task in seconds."""
        self._withdrawn = False
        self._opened, self._said_waiting = monotonic(), False

    def __enter__(self) -> "RemotePool":
        self._opened = monotonic()
        self._transport.open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._transport.close()

    @property
    def has_room(self) -> bool:
        return len(self._waiting) < self._free * self._block_size

    @property
    def busy(self) -> bool:
        return bool(self._waiting or self._again or self._sent)

    def submit(self, task: Any) -> None:
        self._waiting.append(task)

    def withdraw(self) -> None:
        self._drop()
        self._transport.withdraw(drain=False)

    def drain(self) -> None:
        self._drop()
        self._transport.withdraw(drain=True)

    def reply(self, rung: Rung, prune: bool) -> None:
        if rung.origin is not None:  # None if the worker has already decided
            self._transport.answer(rung.origin, prune)

    def events(self, timeout: float) -> Iterator[Any]:
        self._send()
        if not self._said_waiting and not self._transport.slots and monotonic() > self._opened + WORKERLESS_SECONDS:
            self._said_waiting = True
            self._note(f"no workers are ready yet at {self._transport.where}: waiting")
        for event in self._transport.events(timeout):
            match event:
                case RungReported(block, report) if block in self._sent:
                    yield Rung(report.task, report.percent, report.mean, block)
                case BlockEnded(block, outcome) if block in self._sent:
                    yield from self._ended(self._sent.pop(block), outcome)
                case BlockLost(block, _, PlannedEnd() as end) if block in self._sent:
                    yield from self._interrupted(self._sent.pop(block), end)
                case BlockLost(block, blameless, why=why) if block in self._sent:
                    yield from self._lost(self._sent.pop(block), why, blameless=blameless)

    @property
    def _free(self) -> int:
        """The number of blocks that may be sent now."""
        held = sum(self._transport.can_run(sent.ran) for sent in self._again)
        return max(0, BLOCKS_A_SLOT * self._transport.slots - len(self._sent) - held)

    @property
    def _block_size(self) -> int:
        return max(1, int(self._transport.block_seconds / self._seconds))

    def _send(self) -> None:
        again, self._again = self._again, deque()
        for sent in again:
            if len(self._sent) < BLOCKS_A_SLOT * self._transport.slots and self._transport.can_run(sent.ran):
                self._send_block(sent)
            else:
                self._again.append(sent)
        while self._waiting and self._free:
            # If there are fewer tasks than the free blocks could hold, share the tasks equally among the slots.
            size = min(self._block_size, ceil(len(self._waiting) / self._free))
            self._send_block(_Sent(tuple(self._waiting.popleft() for _ in range(size))))

    def _send_block(self, sent: _Sent) -> None:
        self._numbers += 1
        self._sent[self._numbers] = sent
        worker_decides = self._rungs and self._table is not None and not self._driver_decides
        table = self._table() if worker_decides and self._table is not None else None
        self._transport.submit(Block(self._numbers, sent.tasks, table), sent.ran)

    @property
    def _driver_decides(self) -> bool:
        return self._transport.answers and self._seconds / (self._rungs + 1) >= JUDGED_BY_DRIVER_SECONDS

    def _drop(self) -> None:
        self._withdrawn = True
        self._waiting.clear()
        self._again.clear()

    def _ended(self, sent: _Sent, outcome: BlockOutcome) -> Iterator[Any]:
        if isinstance(outcome, Refused):
            raise SweepgdError(f"a worker cannot begin: {outcome.message}")
        if isinstance(outcome, HelperLost):
            yield from self._lost(sent, f"the process of its worker ended {outcome.ending}")
            return
        assert isinstance(outcome, Returned)
        for line in outcome.notes:
            self._note(line)
        for event in outcome.events:
            if isinstance(event, RungReport):
                yield Rung(event.task, event.percent, event.mean, None)
            elif isinstance(event, Lost) and event.killed and event.task.attempt < ATTEMPTS:
                yield from self._begin_again((event.task,), event.message)
            else:
                self._took(event)
                yield event
        if not self._withdrawn:
            self._waiting.extendleft(task for task in reversed(outcome.not_begun) if task.attempt == 1)
            self._again.extend(_parts([task for task in outcome.not_begun if task.attempt > 1]))

    def _took(self, event: Any) -> None:
        """Update the running mean with the duration of a result."""
        if not isinstance(event, Lost):
            seconds = max(event.seconds, SHORTEST_SECONDS)
            self._seconds = seconds if self._seconds == inf else 0.9 * self._seconds + 0.1 * seconds

    def _lost(self, sent: _Sent, why: str, *, blameless: bool = False) -> Iterator[Lost]:
        """Send the tasks of a lost block again."""
        if self._withdrawn:
            return
        if blameless:
            if sent.unbegun + 1 == MOST_LOSSES_UNBEGUN:
                raise SweepgdError(
                    f"a block of trials was cancelled or lost {MOST_LOSSES_UNBEGUN} times before it began at"
                    f" {self._transport.where}: finished trials are recorded, run the same command to continue"
                )
            self._again.append(replace(sent, unbegun=sent.unbegun + 1))
        else:
            yield from self._begin_again(sent.tasks, why)

    def _begin_again(self, tasks: tuple[Any, ...], why: str) -> Iterator[Lost]:
        """Send again all tasks that may have begun. Give up a task that has had all its attempts."""
        if self._withdrawn:
            return
        for task in tasks:
            if task.attempt >= ATTEMPTS:
                yield Lost(task, FAILED, f"{why}, in each of {ATTEMPTS} attempts")
        again = [begun_again(task) for task in tasks if task.attempt < ATTEMPTS]
        if again:
            count = "1 trial begins" if len(again) == 1 else f"{len(again)} trials begin"
            self._note(f"{why}: {count} again on another worker".replace("its worker", "a worker"))
            self._again.extend(_parts(again))

    def _interrupted(self, sent: _Sent, end: PlannedEnd) -> Iterator[Lost]:
        """Send a block again after the planned end of its worker. A block of a single task fails if ATTEMPTS workers, one after
        another, ran it for their whole lives.
        """
        if self._withdrawn:
            return
        sent = replace(sent, ran=max(sent.ran, WHOLE_LIFE * end.ran))
        if not end.whole_life:
            self._again.append(sent)
        elif len(sent.tasks) > 1:  # perhaps only one of the tasks is too long
            self._again.extend(_Sent((task,)) for task in sent.tasks)
        elif sent.whole_lives + 1 < ATTEMPTS:
            self._note(
                f"a trial did not end in the {end.longest_life:.0f} s before its worker's walltime: it waits for a new worker"
            )
            self._again.append(replace(sent, whole_lives=sent.whole_lives + 1))
        else:
            why = f"did not end in the {end.longest_life:.0f} s before its worker's walltime, {ATTEMPTS} times"
            advice = "give the workers a longer walltime, or set fewer epochs or a --trial-timeout"
            yield Lost(sent.tasks[0], FAILED, f"{why}: {advice}")


def _parts(tasks: list[Any]) -> Iterator[_Sent]:
    """Yield the blocks in which n lost tasks are sent again. There are √n blocks, but in the last attempt each task is a block.

    If one of 2,000 tasks ends every worker that runs it, only this task fails. To find the task takes 45 + 45 blocks, while
    single tasks would take 2,000 blocks. Repeated halving would take fewer blocks but 11 attempts.
    """
    last = [task for task in tasks if task.attempt == ATTEMPTS]
    earlier = [task for task in tasks if task.attempt < ATTEMPTS]
    size = ceil(sqrt(len(earlier)))
    yield from (_Sent(tuple(earlier[first : first + size])) for first in range(0, len(earlier), max(1, size)))
    yield from (_Sent((task,)) for task in last)
