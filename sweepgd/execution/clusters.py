"""The clusters that `--on` can name: the address of a Dask scheduler, a local cluster, or jobs of a queueing system."""

import asyncio
import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from queue import Empty, SimpleQueue
from socket import create_connection, gaierror
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from sweepgd.core.errors import SweepgdError, UsageError, installing, reason, suggestion
from sweepgd.execution.fork_server import cores
from sweepgd.execution.queues import QUEUES, check_submit_command, queued

LOCAL = "dask"
# A scheduler that does not answer within this time counts as unreachable.
CONNECT_SECONDS = 5
# Additional time for looking up the host name.
NAME_SECONDS = 2


@dataclass(frozen=True)
class Cluster:
    """A cluster that `--on` names. `jobs` is the number of workers of a cluster that the command starts. The default is one
    worker per core, or one job of a queueing system. Raises UsageError for an unknown cluster.
    """

    on: str
    jobs: int | None = None

    def __post_init__(self) -> None:
        _check(self.on, self.jobs)

    def check_there(self) -> None:
        """Raise SweepgdError if nothing listens at the address, if the command that submits jobs is missing, or if Dask is
        missing.
        """
        if "://" in self.on:
            _imported("distributed", "dask", self.on)
            _check_listens(self.on)
        elif self.on in QUEUES:
            check_submit_command(_imported("dask_jobqueue", "jobqueue", self.on), self.on)
        else:
            _imported("distributed", "dask", self.on)

    @contextmanager
    def client(self, note: Callable[[str], None]) -> Iterator[Any]:
        """Yield a Dask client. A cluster that was started for the client ends together with the context. Raises SweepgdError if
        the cluster cannot be reached.
        """
        with _connected(self.on, self.jobs, note) as client:
            yield client


@contextmanager
def _connected(on: str, jobs: int | None, note: Callable[[str], None]) -> Iterator[Any]:
    distributed = _imported("distributed", "dask", on)
    for name in [*logging.root.manager.loggerDict]:  # all loggers, because Dask sets the level of many loggers
        if name.partition(".")[0] in ("distributed", "tornado", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # sweepgd reports errors itself
    warnings.filterwarnings("ignore", module=r"distributed\b.*")
    cluster = None
    try:
        if on == LOCAL:
            cluster = _local(distributed, jobs or cores())
        elif on in QUEUES:
            cluster = queued(_imported("dask_jobqueue", "jobqueue", on), on, jobs or 1, note)
        else:
            _check_listens(on)
            asyncio.run(_check_scheduler(distributed, on))
        client = distributed.Client(cluster or on, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:
        if cluster is not None:
            cluster.close()
        if isinstance(error, SweepgdError):
            raise
        if isinstance(error, ValueError):
            raise UsageError(f"--on {on!r}: {error}; give an address such as tcp://host:8786") from error
        raise SweepgdError(_unreachable(on, error)) from error
    try:
        yield client
    finally:
        client.close(timeout=1)
        if cluster is not None:
            cluster.close(timeout=5)


def _check(on: str, jobs: int | None) -> None:
    """Raise UsageError if `on` is not a cluster, or if `jobs` is given for a cluster that is already running."""
    if on in QUEUES or on == LOCAL:
        return
    if "://" not in on:
        known = [LOCAL, *QUEUES]
        raise UsageError(
            f"--on {on!r}: {suggestion(on, known)}give the address of a Dask scheduler, such as tcp://host:8786, or one of"
            f" {', '.join(known)}"
        )
    if jobs is not None:
        started = ", ".join([LOCAL, *QUEUES])
        raise UsageError(f"--jobs is only for --on {started}: the workers of {on} are already running")


def _check_listens(on: str) -> None:
    """Raise SweepgdError if the address does not accept a TCP connection."""
    try:
        place = urlsplit(on)
        host, port = place.hostname, place.port
    except ValueError:  # for text that is not an address, Dask has a better message
        return
    if host is None or port is None:
        return
    outcome: SimpleQueue[OSError | None] = SimpleQueue()
    # A separate thread looks up the name, because this may take longer than the time limit of a connection.
    Thread(target=_connect, args=(host, port, outcome), daemon=True).start()
    try:
        error = outcome.get(timeout=CONNECT_SECONDS + NAME_SECONDS)
    except Empty:
        error = TimeoutError()
    if isinstance(error, gaierror):
        raise SweepgdError(f"--on {on}: the host name {host!r} is unknown ({error.strerror})") from error
    if isinstance(error, TimeoutError):
        raise SweepgdError(
            f"--on {on}: no answer from {host} within {CONNECT_SECONDS:g} s: check the address, and whether a firewall lets"
            f" port {port} through"
        ) from error
    if error is not None:
        raise SweepgdError(
            f"--on {on}: nothing listens there ({error.strerror or error}): is the scheduler running?"
        ) from error


def _connect(host: str, port: int, outcome: "SimpleQueue[OSError | None]") -> None:
    try:
        create_connection((host, port), CONNECT_SECONDS).close()
        outcome.put(None)
    except OSError as error:
        outcome.put(error)


async def _check_scheduler(distributed: Any, on: str) -> None:
    """Raise an error if no scheduler answers. If another program listens at the address, a client would wait forever or print a
    traceback.
    """
    security = distributed.Security().get_connection_args("client")
    async with distributed.rpc(on, timeout=CONNECT_SECONDS, connection_args=security) as server:
        # a second later than the connection's own error
        identity = await asyncio.wait_for(server.identity(), CONNECT_SECONDS + 1)
    if identity["type"] != "Scheduler":
        raise SweepgdError(f"--on {on}: a Dask {identity['type'].lower()} has this address: give the address of its scheduler")


def _local(distributed: Any, workers: int) -> Any:
    """Return a cluster whose workers are threads of this process. Threads start in 0.1 s and end in 0.02 s, while processes
    would take 3.2 s and 0.9 s. Trials still run in helper processes.
    """
    return distributed.LocalCluster(
        n_workers=1,
        threads_per_worker=workers,
        processes=False,
        memory_limit=0,  # no limit for this process, because each trial has a limit
        dashboard_address=":0",
        silence_logs=logging.CRITICAL,
    )


def _unreachable(on: str, error: Exception) -> str:
    if on == LOCAL:
        return f"cannot start a local Dask cluster: {reason(error)}"
    if isinstance(error, (asyncio.TimeoutError, MemoryError)):  # MemoryError: Dask read other bytes as a length
        error = TimeoutError("the program that listens there does not respond like Dask")
    hint = ""
    if on.startswith("tls://") or "Closed" in type(error).__name__:
        hint = "; for a scheduler with TLS, give tls://… and set its keys in Dask's configuration"
    return f"no Dask scheduler answers at {on}: {reason(error)}{hint}"


def _imported(module: str, extra: str, on: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise SweepgdError(f"--on {on} needs {module}: {installing(extra)}") from None
