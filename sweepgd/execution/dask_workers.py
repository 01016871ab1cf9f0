"""The workers of a Dask cluster: as they come they are checked and given the study, and their end is noticed."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from math import inf
from time import monotonic
from typing import Any

from distributed import Client, Future

from sweepgd.core.errors import SweepgdError, reason
from sweepgd.execution.messages import Study
from sweepgd.execution.requirements import differences

# The interval between two lists of the workers.
WATCH_SECONDS = 1.0


class DaskWorkers:
    """Watches the workers in the client's thread.

    What it notices there is handed to `happened` as a function for the caller's thread to call, which changes the state, or
    raises SweepgdError where the cluster cannot be used.
    """

    def __init__(self, client: Client, study: Study, happened: Callable[[Callable[[], None]], None]) -> None:
        self._client, self._study, self._happened = client, study, happened
        self.threads: dict[str, int] = {}
        """The number of threads of each worker that may be given blocks, by address."""
        self.study: Future[Any] | None = None
        """The study on the cluster; None before it is sent, and again once the last worker that had it has gone."""
        self.removed: Callable[[str, bool], None] = lambda worker, expected: None
        """Called with the address of a worker that has gone, and whether that was planned."""
        self._asked: dict[str, Any] = {}
        """The check of each worker that is known, made or under way."""
        self._missed: set[str] = set()
        """Workers that were not in the last list, which may be older than the news of a new worker."""
        self.retiring: set[str] = set()
        """Workers that have begun to end as planned. The last one cannot hand on its data: Dask calls that unexpected."""
        self.longest_life = 0.0
        """The seconds that a worker could be given blocks until it ended as planned, the longest of all."""
        self._since: dict[str, float] = {}
        """The time since which each worker could be given blocks."""
        self._sending: Any = None
        self._watching: Any = None

    def watch(self) -> None:
        """Begin to watch."""
        self._watching = self.in_loop(self._watch())

    def stop(self) -> None:
        """Stop watching."""
        if self._watching is not None:
            self._watching.cancel()
        for worker in self._asked:
            with suppress(ValueError):  # not subscribed yet
                self._client.unsubscribe_topic(worker)

    def in_loop(self, coroutine: Any) -> Any:
        """Begin a coroutine in the client's thread, and return its concurrent future."""
        loop: Any = self._client.loop
        return asyncio.run_coroutine_threadsafe(coroutine, loop.asyncio_loop)

    def life_left(self, worker: str) -> float:
        """Return the seconds until a worker is expected to end: as old as those that have ended as planned. An older one has
        another end, or none."""
        if worker in self.retiring:
            return 0.0
        left = self.longest_life - (monotonic() - self._since[worker])
        return left if left > 0 else inf

    # In the client's thread

    async def _watch(self) -> None:
        while True:
            try:
                threads: dict[str, int] = await answered(self._client.nthreads())
            except Exception as error:
                if self._client.status != "running":
                    self._happened(partial(self._unreachable, reason(error)))
            else:
                for worker in threads.keys() - self._asked.keys():
                    self._asked[worker] = asyncio.ensure_future(self._admit(worker))
                self._happened(partial(self._listed, threads))
            await asyncio.sleep(WATCH_SECONDS)

    async def _admit(self, worker: str) -> None:
        """Compare a worker's software with ours; one that does not answer is asked again later."""
        try:
            wanted = self._study.requirements
            difference = (await answered(self._client.run(differences, wanted, workers=[worker])))[worker]
        except ImportError as error:
            difference = f"sweepgd cannot be imported there ({reason(error)}): install what is here"
        except Exception as error:
            if isinstance(error, (OSError, KeyError)) or self._client.status != "running":  # the worker, or all, is gone
                self._asked.pop(worker, None)
                return
            difference = f"its software cannot be checked ({reason(error)})"
        # The topic "all" would do, but it has events that the scheduler cannot send: it drops a client that subscribes to it.
        self._client.subscribe_topic(worker, lambda event: self._happened(partial(self._heard, worker, event[1])))
        self._happened(partial(self._compared, worker, difference))

    async def _send(self, worker: str) -> None:
        """Send the study to one worker, from which the others get it when they need it."""
        with suppress(Exception):  # sent again with the next list
            self.study = await answered(self._client.scatter(self._study, workers=[worker], hash=False))

    # In the caller's thread

    def _listed(self, threads: dict[str, int]) -> None:
        self.threads.update({worker: count for worker, count in threads.items() if worker in self.threads})
        gone = self.threads.keys() - threads.keys()
        twice, self._missed = gone & self._missed, gone
        for worker in twice:
            self._remove(worker, expected=False)
        if self.study is None and self.threads and (self._sending is None or self._sending.done()):
            self._sending = self.in_loop(self._send(next(iter(self.threads))))

    def _compared(self, worker: str, difference: str | None) -> None:
        if difference is not None:
            raise SweepgdError(f"worker {worker}: {difference}")
        self.threads[worker] = 1  # until the list that follows
        self._since[worker] = monotonic()
        self._listed(dict(self.threads))

    def _heard(self, worker: str, message: dict[str, Any]) -> None:
        """The scheduler tells of a worker."""
        if message.get("status") == "closing_gracefully":
            self.retiring.add(worker)
            self._end_as_planned(worker)
        if message.get("action") == "remove-worker":
            self._remove(worker, expected=message["expected"])

    def _remove(self, worker: str, *, expected: bool) -> None:
        self.threads.pop(worker, None)
        if self._asked.pop(worker, None) is not None:  # it may come back
            self._client.unsubscribe_topic(worker)
        if expected:
            self._end_as_planned(worker)
        self.removed(worker, expected or worker in self.retiring)
        self.retiring.discard(worker)
        self._since.pop(worker, None)

    def _end_as_planned(self, worker: str) -> None:
        if worker in self._since:
            self.longest_life = max(self.longest_life, monotonic() - self._since[worker])

    def _unreachable(self, why: str) -> None:
        raise gone(self._client, why)


def gone(client: Client, why: str) -> SweepgdError:
    """Return the SweepgdError that the scheduler is gone."""
    address = client.scheduler.address if client.scheduler else "?"
    return SweepgdError(
        f"the Dask scheduler at {address} is gone ({why}): what finished is recorded, and the same command goes on from there"
    )


async def answered(awaitable: Any) -> Any:
    """Return what a method of the client returns in its own thread, where it is awaitable."""
    result: Awaitable[Any] = awaitable
    return await result
