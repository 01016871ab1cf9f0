"""Watch the workers of a Dask cluster. New workers are checked and receive the study, and the end of a worker is noticed."""

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

    For each event, `happened` receives a function, and the caller's thread calls this function. The function changes the state,
    or raises SweepgdError if the cluster cannot be used.
    """

    def __init__(self, client: Client, study: Study, happened: Callable[[Callable[[], None]], None]) -> None:
        self._client, self._study, self._happened = client, study, happened
        self.threads: dict[str, int] = {}
        """The number of threads of each worker that can take blocks, by address."""
        self.study: Future[Any] | None = None
        """The study on the cluster. None before the study is sent, and after the last worker that held the study has ended."""
        self.removed: Callable[[str, bool], None] = lambda worker, expected: None
        """Called when a worker has ended, with its address and True if the end was planned."""
        self._checks: dict[str, Any] = {}
        """The finished or running check of each known worker."""
        self._missed: set[str] = set()
        """Workers that were missing from the last list. Such a worker may have started after the list was made."""
        self.retiring: set[str] = set()
        """Workers whose planned end has begun. Dask reports the end of the last worker as unexpected, because no other worker
        can take over its data.
        """
        self.longest_life = 0.0
        """The longest time in seconds for which a worker was usable before its planned end."""
        self._since: dict[str, float] = {}
        """The time at which each worker became usable."""
        self._sending: Any = None
        self._watching: Any = None

    def watch(self) -> None:
        """Begin to watch."""
        self._watching = self.in_loop(self._watch())

    def stop(self) -> None:
        """Stop watching."""
        if self._watching is not None:
            self._watching.cancel()
        for worker in self._checks:
            with suppress(ValueError):  # not subscribed yet
                self._client.unsubscribe_topic(worker)

    def in_loop(self, coroutine: Any) -> Any:
        """Begin a coroutine in the client's thread, and return its concurrent future."""
        loop: Any = self._client.loop
        return asyncio.run_coroutine_threadsafe(coroutine, loop.asyncio_loop)

    def life_left(self, worker: str) -> float:
        """Return the expected seconds until the planned end of a worker, or infinity if nothing is known about the end.

        A worker is expected to live as long as the longest-lived worker that ended as planned. Nothing is known about the end
        of a worker that has already lived longer than that.
        """
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
                for worker in threads.keys() - self._checks.keys():
                    self._checks[worker] = asyncio.ensure_future(self._admit(worker))
                self._happened(partial(self._listed, threads))
            await asyncio.sleep(WATCH_SECONDS)

    async def _admit(self, worker: str) -> None:
        """Compare a worker's software with the driver's. A worker that does not answer is checked again later."""
        try:
            wanted = self._study.requirements
            difference = (await answered(self._client.run(differences, wanted, workers=[worker])))[worker]
        except ImportError as error:
            difference = f"sweepgd cannot be imported on this worker ({reason(error)}): install the driver's packages there"
        except Exception as error:
            if (
                isinstance(error, (OSError, KeyError)) or self._client.status != "running"
            ):  # the worker or the cluster has ended
                self._checks.pop(worker, None)
                return
            difference = f"its software cannot be checked ({reason(error)})"
        # The topic "all" has events that the scheduler cannot send. The scheduler disconnects a client that subscribes to this
        # topic.
        self._client.subscribe_topic(worker, lambda event: self._happened(partial(self._scheduler_message, worker, event[1])))
        self._happened(partial(self._compared, worker, difference))

    async def _send(self, worker: str) -> None:
        """Send the study to one worker. Dask copies the study to other workers that need it."""
        with suppress(Exception):  # the study is sent again with the next list of workers
            self.study = await answered(self._client.scatter(self._study, workers=[worker], hash=False))

    # In the caller's thread

    def _listed(self, threads: dict[str, int]) -> None:
        self.threads.update({worker: count for worker, count in threads.items() if worker in self.threads})
        gone = self.threads.keys() - threads.keys()
        missed_twice, self._missed = gone & self._missed, gone
        for worker in missed_twice:
            self._remove(worker, expected=False)
        if self.study is None and self.threads and (self._sending is None or self._sending.done()):
            self._sending = self.in_loop(self._send(next(iter(self.threads))))

    def _compared(self, worker: str, difference: str | None) -> None:
        if difference is not None:
            raise SweepgdError(f"worker {worker}: {difference}")
        self.threads[worker] = 1  # until the next list
        self._since[worker] = monotonic()
        self._listed(dict(self.threads))

    def _scheduler_message(self, worker: str, message: dict[str, Any]) -> None:
        """Handle a message of the scheduler about a worker."""
        if message.get("status") == "closing_gracefully":
            self.retiring.add(worker)
            self._end_as_planned(worker)
        if message.get("action") == "remove-worker":
            self._remove(worker, expected=message["expected"])

    def _remove(self, worker: str, *, expected: bool) -> None:
        self.threads.pop(worker, None)
        if self._checks.pop(worker, None) is not None:  # the worker may connect again
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
    """Return the error for a scheduler that has ended or cannot be reached."""
    address = client.scheduler.address if client.scheduler else "?"
    return SweepgdError(
        f"the Dask scheduler at {address} is gone ({why}): finished trials are recorded; run the same command to continue"
    )


async def answered(awaitable: Any) -> Any:
    """Await what a client's method returns in the client's own thread, and return the result."""
    result: Awaitable[Any] = awaitable
    return await result
