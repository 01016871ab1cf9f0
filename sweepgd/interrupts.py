"""Ctrl-C, and SIGTERM like it: the first asks, the second ends the process, also while a kernel runs that does not come back.

Python's own handler waits for such a kernel, and would for ever (numba#5551); kernels let go of the GIL, so a thread does not.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import socket, socketpair
from threading import Event, Thread, current_thread, main_thread
from time import monotonic
from types import FrameType

from sweepgd.problem import printable

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# `timeout` and `uv run` pass on what a terminal sends to all: such a second signal comes at once, that of a hand later.
SAME_SECONDS = 0.1
# What prepares or ends has so long after the first, so that all is over in 2 s.
PATIENCE_SECONDS = 1.5
# When the first signal came to the command that listens. A KeyboardInterrupt out of a finalizer or a callback, as of an import,
# goes no further: who asks later finds it here.
_first: list[float] = []
# Somebody is asking to drain.
_draining = Event()


@contextmanager
def heard(exit_code: int, line: Callable[[], str]) -> Iterator[None]:
    """Ends the process with a line on stderr at KeyboardInterrupt, which SIGTERM raises here too. For the main thread.

    At the second signal it ends at once, wherever it is, and so it does PATIENCE_SECONDS after the first but where somebody is
    `asking` to drain: what compiles a kernel, say, does not return to Python for up to 10 s.
    """
    ours, theirs = socketpair()
    theirs.setblocking(False)

    def watch() -> None:
        try:
            _wait_for_one(ours)
            first, drains = monotonic(), _draining.is_set()
            _first.append(first)
            ours.settimeout(PATIENCE_SECONDS)
            try:
                _wait_for_second(ours, first)
            except TimeoutError:
                if drains or _draining.is_set():
                    ours.settimeout(None)
                    _wait_for_second(ours, first)
        except EOFError:
            return
        shown = "\r\x1b[?25h" if sys.stderr.isatty() else ""  # the cursor, which a progress bar hides
        os.write(sys.stderr.fileno(), f"{shown}sweepgd: {printable(line())}\n".encode())
        os._exit(exit_code)

    def unraisable(told: "sys.UnraisableHookArgs") -> None:
        if not issubclass(told.exc_type, KeyboardInterrupt):
            hook(told)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    before = signal.set_wakeup_fd(theirs.fileno())
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    heeded = [number for number, handler in handlers.items() if handler is not signal.SIG_IGN]
    for number in heeded:
        signal.signal(number, signal.default_int_handler)
    hook, sys.unraisablehook = sys.unraisablehook, unraisable
    try:
        yield
    except KeyboardInterrupt:
        print(f"sweepgd: {line()}", file=sys.stderr)
        sys.exit(exit_code)
    finally:
        sys.unraisablehook = hook
        for number in heeded:
            signal.signal(number, handlers[number])
        signal.set_wakeup_fd(before)
        theirs.close()  # which ends the thread
        thread.join()
        ours.close()
        _first.clear()


def _wait_for_one(signals: socket) -> None:
    """Reads up to one of SIGNALS. Raises EOFError where none will come, and TimeoutError where none has in time."""
    while read := signals.recv(1):
        if read[0] in SIGNALS:
            return
    raise EOFError


def _wait_for_second(signals: socket, first: float) -> None:
    while True:
        _wait_for_one(signals)
        if monotonic() - first >= SAME_SECONDS:
            return


class Stop:
    """Whether somebody has asked to stop."""

    def __init__(self, asked_at: float | None = None) -> None:
        self._asked_at = asked_at

    def __bool__(self) -> bool:
        return self._asked_at is not None

    @property
    def seconds(self) -> float:
        """How long ago that was; 0 where nobody has."""
        return 0.0 if self._asked_at is None else monotonic() - self._asked_at

    def ask(self, number: int, frame: FrameType | None) -> None:
        """Handles a signal. Raises KeyboardInterrupt at the second one."""
        if self._asked_at is None:
            self._asked_at = monotonic()
        elif monotonic() - self._asked_at > SAME_SECONDS:
            raise KeyboardInterrupt


@contextmanager
def asking(*, drains: bool = False) -> Iterator[Stop]:
    """Inside, the first signal that would raise KeyboardInterrupt asks to stop instead. Only the main thread is ever asked.

    What `drains` sees to it itself that it ends in time.
    """
    in_main = current_thread() is main_thread()
    stop = Stop(_first[0] if _first and in_main else None)
    if drains:
        _draining.set()
    ours = [number for number in SIGNALS if in_main and signal.getsignal(number) is signal.default_int_handler]
    for number in ours:
        signal.signal(number, stop.ask)
    try:
        yield stop
    finally:
        if drains:
            _draining.clear()
        for number in ours:
            signal.signal(number, signal.default_int_handler)
