"""Processes that measure: pinned to one core, one thread a library; they live on and wait while another one runs."""

import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from time import perf_counter, process_time
from typing import Any

from .convolution_work import Convolution
from .minimum import Minimum
from .peers import Peer, load
from .work import Case

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


class ChildFailed(Exception):
    """Raised for an error in a child, with its message in one line."""


@contextmanager
def pinned() -> Iterator[None]:
    """Children started inside inherit one core (the last: interrupts like the first) and one thread, before any import."""
    cores, environment = os.sched_getaffinity(0), dict(os.environ)
    os.sched_setaffinity(0, {max(cores)})
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        os.environ.clear()
        os.environ.update(environment)


@dataclass(frozen=True)
class Took:
    """Seconds on the wall's clock, and those of them that the process had its core."""

    wall: float
    core: float


class Child:
    """A peer in a process of its own. Its methods raise ChildFailed."""

    def __init__(self, module: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, module), daemon=True)
        with pinned():
            self._process.start()
        theirs.close()

    def prepare(self, case: Case | Minimum | Convolution) -> float:
        """Builds and compiles a case; returns the seconds that took."""
        return self._ask("prepare", case).wall

    def reset(self) -> None:
        self._ask("reset", None)

    def epochs(self, count: int) -> Took:
        """Trains for so many epochs; returns what that took, by the child's own clocks."""
        return self._ask("epochs", count)

    def close(self) -> None:
        self._connection.close()
        self._process.join()

    def _ask(self, command: str, argument: Any) -> Any:
        try:
            self._connection.send((command, argument))
            answer = self._connection.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise ChildFailed(f"the process ended with exit code {self._process.exitcode}") from None
        if isinstance(answer, ChildFailed):
            raise answer
        return answer


def _serve(connection: Connection, module: str) -> None:
    peer: Peer | None = None
    while True:
        try:
            command, argument = connection.recv()
        except EOFError:
            return
        try:
            if command == "prepare":
                kind, peer = load(module), None  # importing the library is not compiling
                took, peer = _timed(kind, argument)
            else:
                assert peer is not None
                took, _ = _timed(peer.reset) if command == "reset" else _timed(peer.epochs, argument)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            connection.send(ChildFailed(f"{type(error).__name__}: {error}".splitlines()[0]))
        else:
            connection.send(took)


def _timed(call: Callable[..., Any], *arguments: Any) -> tuple[Took, Any]:
    wall, core = perf_counter(), process_time()
    result = call(*arguments)
    return Took(perf_counter() - wall, process_time() - core), result
