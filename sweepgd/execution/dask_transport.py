"""Blocks carried by Dask. Each block is sent to a worker of our choice, so that we know what is lost with a worker.

Dask's own way, to run a task again elsewhere without a word and to give it up after the loss of a few workers, would leave
attempts uncounted and condemn innocent trials (dask-jobqueue#122).
"""

import asyncio
import pickle
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from distributed import Client, Future, KilledWorker, get_worker

from sweepgd.execution import helpers
from sweepgd.execution.helpers import BlockOutcome
from sweepgd.execution.messages import Block, RungReport, Study
from sweepgd.execution.requirements import differences
from sweepgd.execution.transport import BlockEnded, BlockLost, RungReported, TransportEvent
from sweepgd.problem import Problem, reason
from sweepgd.share import WORKERS_PART, share

# How often the workers of the cluster are listed.
WATCH_SECONDS = 1.0
# How long the workers are given to hear that the study has ended.
CLOSE_SECONDS = 0.5


def run_on_worker(study: Study, block: Block, topic: str) -> BlockOutcome:
    """Run a block in a thread of a Dask worker."""
    worker = get_worker()
    limit = worker.memory_manager.memory_limit
    machine = share(1)
    memory = None if machine is None else int(min(machine, WORKERS_PART * (limit or machine)) / worker.state.nthreads)

    def report(rung: RungReport) -> None:
        worker.log_event(topic, {"block": block.number, "report": pickle.dumps(rung)})

    worker.log_event(topic, {"block": block.number})
    return helpers.run_block(study.id, block, study, memory, report)


@dataclass
class _Sent:
    worker: str
    future: Future
    begun: bool = False


class DaskTransport:
    """Carries the blocks of one study through a client.

    All state belongs to the thread that calls; what happens in the client's is put into a queue of functions for it to call.
    """

    block_seconds = 2.0
    answers = True

    def __init__(self, client: Client, study: Study) -> None:
        self._client, self._study = client, study
        self._address = client.scheduler.address if client.scheduler else "?"
        self._topic = f"sweepgd-{study.id}"
        self._happened: SimpleQueue[Callable[[], list[TransportEvent]]] = SimpleQueue()
        self._data: Future | None = None
        self._threads: dict[str, int] = {}
        self._missed: set[str] = set()
        """Workers that were not in the last list, which may be older than the news of a new worker."""
        self._sent: dict[int, _Sent] = {}
        self._subscribed: list[str] = []
        self._closed = False

    @property
    def slots(self) -> int:
        return sum(self._threads.values())

    def open(self) -> None:
        self._client.subscribe_topic(self._topic, lambda event: self._happened.put(partial(self._told, event[1])))
        self._in_loop(self._watch())

    def submit(self, block: Block) -> None:
        held = dict.fromkeys(self._threads, 0)
        for sent in self._sent.values():
            held[sent.worker] += 1
        worker = min(held, key=lambda worker: held[worker] / self._threads[worker])
        future = self._client.submit(
            run_on_worker,
            self._data,
            block,
            self._topic,
            key=f"{self._topic}-{block.number}",
            workers=[worker],
            allow_other_workers=False,
        )
        self._sent[block.number] = _Sent(worker, future)
        self._in_loop(self._collect(block.number, future))

    def events(self, timeout: float) -> list[TransportEvent]:
        happened: list[TransportEvent] = []
        with suppress(Empty):
            happened += self._happened.get(timeout=timeout)()
            while True:
                happened += self._happened.get_nowait()()
        return happened

    def answer(self, block: int, prune: bool) -> None:
        if (sent := self._sent.get(block)) is not None:
            self._call([sent.worker], helpers.answer, self._study.id, block, prune)

    def withdraw(self, drain: bool) -> None:
        self._cancel([sent.future for sent in self._sent.values() if not sent.begun])
        self._call(None, helpers.withdraw, self._study.id, drain)

    def close(self) -> None:
        self._closed = True
        if self._client.status != "running":
            return
        self._cancel([sent.future for sent in self._sent.values()])
        for topic in (self._topic, *self._subscribed):
            self._client.unsubscribe_topic(topic)
        if self._threads:
            ended = self._call(None, helpers.end, self._study.id)
            with suppress(TimeoutError):
                ended.result(CLOSE_SECONDS)

    def _call(self, workers: list[str] | None, function: Callable[..., None], *arguments: Any) -> Any:
        """Begin to call a function on workers, all by default, whatever comes of it."""

        async def call() -> None:
            with suppress(Exception):
                await self._client.run(function, *arguments, workers=workers, on_error="ignore")

        return self._in_loop(call())

    def _cancel(self, futures: list[Future]) -> None:
        async def cancel() -> None:
            with suppress(Exception):
                await self._client.cancel(futures, force=True)

        self._in_loop(cancel())

    def _in_loop(self, coroutine: Any) -> Any:
        loop: Any = self._client.loop
        return asyncio.run_coroutine_threadsafe(coroutine, loop.asyncio_loop)

    # In the client's thread

    async def _watch(self) -> None:
        """List the workers again and again, and check new ones."""
        known: set[str] = set()
        while not self._closed:
            try:
                threads: dict[str, int] = await _answered(self._client.nthreads())
                new = sorted(threads.keys() - known)
                if new:
                    wanted = self._study.requirements
                    found = await _answered(self._client.run(differences, wanted, workers=new, on_error="return"))
                    if self._data is None:
                        self._data = await _answered(self._client.scatter(self._study, broadcast=True, hash=False))
                    for worker in new:
                        self._subscribe(worker)
                    known.update(new)
                    self._happened.put(partial(self._compared, found))
                self._happened.put(partial(self._listed, threads))
            except Exception as error:
                self._happened.put(partial(self._unreachable, error))
            await asyncio.sleep(WATCH_SECONDS)

    def _subscribe(self, worker: str) -> None:
        """Listen to the scheduler's news of a worker. Its topic "all" has events that it cannot send: it drops who listens."""
        self._subscribed.append(worker)
        self._client.subscribe_topic(worker, lambda event: self._happened.put(partial(self._heard, worker, event[1])))

    async def _collect(self, number: int, future: Future) -> None:
        try:
            outcome: BlockOutcome = await _answered(future.result())
        except (CancelledError, asyncio.CancelledError) as error:
            self._happened.put(partial(self._cancelled, number, error))
        except KilledWorker:
            self._happened.put(partial(self._lost, number, blameless=False))
        except Exception as error:
            self._happened.put(partial(self._failed, error))
        else:
            self._happened.put(partial(self._ended, number, outcome))

    # In the thread that calls `events`

    def _told(self, message: dict[str, Any]) -> list[TransportEvent]:
        """A worker tells that a block has begun, or that a trial waits at a rung."""
        sent = self._sent.get(message["block"])
        if sent is None:
            return []
        sent.begun = True
        if "report" not in message:
            return []
        return [RungReported(message["block"], pickle.loads(message["report"]))]

    def _heard(self, worker: str, message: dict[str, Any]) -> list[TransportEvent]:
        """The scheduler tells of a worker."""
        return self._removed(worker, expected=message["expected"]) if message.get("action") == "remove-worker" else []

    def _listed(self, threads: dict[str, int]) -> list[TransportEvent]:
        self._threads.update({worker: count for worker, count in threads.items() if worker in self._threads})
        gone = self._threads.keys() - threads.keys()
        twice, self._missed = gone & self._missed, gone
        return [event for worker in twice for event in self._removed(worker, expected=False)]

    def _compared(self, found: dict[str, Any]) -> list[TransportEvent]:
        for worker, difference in found.items():
            if isinstance(difference, ImportError):
                raise Problem(f"worker {worker} cannot run sweepgd ({reason(difference)}): install there what is here")
            if isinstance(difference, str):
                raise Problem(f"worker {worker}: {difference}")
            if difference is None:
                self._threads[worker] = 1  # until the list that follows
        return []

    def _removed(self, worker: str, *, expected: bool) -> list[TransportEvent]:
        self._threads.pop(worker, None)
        numbers = [number for number, sent in self._sent.items() if sent.worker == worker]
        return [event for number in numbers for event in self._lost(number, blameless=expected)]

    def _lost(self, number: int, *, blameless: bool) -> list[TransportEvent]:
        sent = self._sent.pop(number, None)
        if sent is None:
            return []
        self._cancel([sent.future])
        return [BlockLost(number, blameless or not sent.begun)]

    def _cancelled(self, number: int, error: BaseException) -> list[TransportEvent]:
        if number not in self._sent:
            return []
        if self._client.status != "running":
            return self._unreachable(error)
        if self._data is not None and self._data.status != "finished":  # the last worker that had the study is gone
            self._data = self._client.scatter(self._study, broadcast=True, hash=False)
        return self._lost(number, blameless=True)

    def _ended(self, number: int, outcome: BlockOutcome) -> list[TransportEvent]:
        return [] if self._sent.pop(number, None) is None else [BlockEnded(number, outcome)]

    def _failed(self, error: Exception) -> list[TransportEvent]:
        raise Problem(f"a worker of {self._address} cannot run trials: {reason(error)}")

    def _unreachable(self, error: BaseException) -> list[TransportEvent]:
        raise Problem(
            f"the Dask scheduler at {self._address} is gone ({reason(error)}): what finished is recorded, and the same command"
            " goes on from there"
        )


async def _answered(awaitable: Any) -> Any:
    """What a method of the client returns in its own thread, where it is awaitable."""
    result: Awaitable[Any] = awaitable
    return await result
