"""Send blocks to the workers of a Dask cluster.

The driver assigns each block to one worker, and therefore knows which blocks are lost with a worker. Otherwise Dask would
silently repeat a task on another worker, and would fail the task after the loss of a few workers. The driver could then not
count attempts, and trials that did not cause the loss would fail (dask-jobqueue#122).
"""

import asyncio
import pickle
from collections import Counter
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from distributed import Client, Future, KilledWorker, get_worker
from distributed.comm.core import CommClosedError

from sweepgd.core.errors import SweepgdError, reason
from sweepgd.core.memory_limit import WORKERS_PART, memory_per_worker
from sweepgd.execution import helpers
from sweepgd.execution.dask_workers import DaskWorkers, answered, gone
from sweepgd.execution.helpers import BlockOutcome
from sweepgd.execution.messages import Block, RungReport, Study
from sweepgd.execution.transport import BlockEnded, BlockLost, PlannedEnd, RungReported, TransportEvent

# The time in seconds that the workers have to end the study.
CLOSE_SECONDS = 0.5


def run_on_worker(study: Study, block: Block, topic: str) -> BlockOutcome:
    """Run a block in a thread of a Dask worker."""
    worker = get_worker()
    machine, limit = memory_per_worker(1), worker.memory_manager.memory_limit
    memory = None if machine is None else int(min(machine, WORKERS_PART * (limit or machine)) / worker.state.nthreads)

    def report(rung: RungReport) -> None:
        worker.log_event(topic, {"block": block.number, "report": pickle.dumps(rung)})

    def wanted() -> bool:
        """Return False once the driver has cancelled the block, or the scheduler has cancelled the block after the driver's
        end.
        """
        task = worker.state.tasks.get(key)
        return task is not None and task.state != "cancelled"

    key = worker.get_current_task()
    worker.log_event(topic, {"block": block.number})
    return helpers.run_block(study.id, block, study, memory, report, wanted)


@dataclass
class _Sent:
    worker: str
    future: "Future[Any]"
    begun: float | None = None
    """The time at which the worker reported that the block has begun."""


class DaskTransport:
    """Sends the blocks of one study to workers through a Dask client.

    Only the caller's thread changes state. For each event in the client's thread, a function is queued, and the caller's thread
    calls the function.
    """

    block_seconds = 2.0
    answers = True

    def __init__(self, client: Client, study: Study) -> None:
        self._client, self._study = client, study
        self._topic = f"sweepgd-{study.id}"
        self._happened: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._events: list[TransportEvent] = []
        self._workers = DaskWorkers(client, study, self._happened.put)
        self._workers.removed = self._removed
        self._sent: dict[int, _Sent] = {}
        self.where = str(client.scheduler.address if client.scheduler else "?")

    @property
    def slots(self) -> int:
        return 0 if self._workers.study is None else sum(self._workers.threads.values())

    def open(self) -> None:
        self._client.subscribe_topic(self._topic, lambda event: self._happened.put(partial(self._worker_message, event[1])))
        self._workers.watch()

    def can_run(self, seconds: float) -> bool:
        return bool(self._with_life(seconds))

    def _with_life(self, seconds: float) -> list[str]:
        """Return the workers that are expected to live for more than `seconds`."""
        return [worker for worker in self._workers.threads if self._workers.life_left(worker) > seconds]

    def submit(self, block: Block, seconds: float = 0.0) -> None:
        held = Counter(sent.worker for sent in self._sent.values())
        worker = min(
            self._with_life(seconds) or self._workers.threads,
            key=lambda worker: (held[worker] / self._workers.threads[worker], -self._workers.life_left(worker)),
        )
        future = self._client.submit(
            run_on_worker,
            self._workers.study,
            block,
            self._topic,
            key=f"{self._topic}-{block.number}",
            workers=[worker],
            allow_other_workers=False,
        )
        self._sent[block.number] = _Sent(worker, future)
        self._workers.in_loop(self._collect(block.number, future))

    def events(self, timeout: float) -> list[TransportEvent]:
        with suppress(Empty):
            self._happened.get(timeout=timeout)()
            while True:
                self._happened.get_nowait()()
        events, self._events = self._events, []
        return events

    def answer(self, block: int, prune: bool) -> None:
        if (sent := self._sent.get(block)) is not None:
            self._call([sent.worker], helpers.answer, self._study.id, block, prune)

    def withdraw(self, drain: bool) -> None:
        self._cancel([sent.future for sent in self._sent.values() if sent.begun is None])
        self._call(None, helpers.withdraw, self._study.id, drain)

    def close(self) -> None:
        self._workers.stop()
        if self._client.status != "running":
            return
        self._cancel([sent.future for sent in self._sent.values()])
        self._client.unsubscribe_topic(self._topic)
        with suppress(TimeoutError):
            self._call(None, helpers.end, self._study.id).result(CLOSE_SECONDS)

    def _call(self, workers: list[str] | None, function: Callable[..., None], *arguments: Any) -> Any:
        """Start a call of a function on these workers, by default on all workers. Errors of the call are ignored."""

        async def call() -> None:
            with suppress(Exception):
                await answered(self._client.run(function, *arguments, workers=workers, on_error="ignore"))

        return self._workers.in_loop(call())

    def _cancel(self, futures: "list[Future[Any]]") -> None:
        async def cancel() -> None:
            with suppress(Exception):
                await answered(self._client.cancel(futures, force=True))

        self._workers.in_loop(cancel())

    async def _collect(self, number: int, future: "Future[Any]") -> None:
        """Wait in the client's thread until a block has ended, and report how it ended."""
        try:
            outcome: BlockOutcome = await answered(future.result())
        except (CancelledError, asyncio.CancelledError):
            self._happened.put(partial(self._cancelled, number))
        except CommClosedError:  # the worker has ended (the client soon notices if the scheduler has ended)
            self._happened.put(partial(self._lost, number, blameless=True))
        except KilledWorker:
            self._happened.put(partial(self._lost, number, blameless=False))
        except Exception as error:
            self._happened.put(partial(self._failed, number, error))
        else:
            self._happened.put(partial(self._ended, number, outcome))

    def _worker_message(self, message: dict[str, Any]) -> None:
        """Handle a worker's message that a block has begun, or that a trial waits at a rung."""
        if (sent := self._sent.get(message["block"])) is not None:
            if sent.begun is None:
                sent.begun = monotonic()
            if "report" in message:
                self._events.append(RungReported(message["block"], pickle.loads(message["report"])))

    def _removed(self, worker: str, expected: bool) -> None:
        for number in [number for number, sent in self._sent.items() if sent.worker == worker]:
            self._lost(number, blameless=expected, planned=expected)

    def _lost(self, number: int, *, blameless: bool, planned: bool = False) -> None:
        if (sent := self._sent.pop(number, None)) is None:
            return
        self._cancel([sent.future])
        end = None
        if planned and sent.begun is not None:
            end = PlannedEnd(monotonic() - sent.begun, self._workers.longest_life)
        self._events.append(BlockLost(number, blameless or sent.begun is None, end))

    def _cancelled(self, number: int) -> None:
        if number not in self._sent:
            return
        if self._client.status != "running":
            raise gone(self._client, "its connection is lost")
        if self._workers.study is not None and self._workers.study.status != "finished":
            self._workers.study = None  # the last worker that held the study has ended, so that the study must be sent again
        self._lost(number, blameless=True, planned=self._sent[number].worker in self._workers.retiring)

    def _ended(self, number: int, outcome: BlockOutcome) -> None:
        if self._sent.pop(number, None) is not None:
            self._events.append(BlockEnded(number, outcome))

    def _failed(self, number: int, error: Exception) -> None:
        if number in self._sent:
            raise SweepgdError(f"worker {self._sent[number].worker} cannot run trials: {reason(error)}")
