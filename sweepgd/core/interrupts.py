"""Handle Ctrl-C and SIGTERM. The first signal asks the process to stop. The second signal ends the process at once, even inside
an endless kernel.

Python's own handler runs only after a kernel returns (numba#5551). A thread can watch for signals, because kernels release the
GIL.
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

from sweepgd.core.errors import printable

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# The seconds in which a second signal counts as a duplicate. A terminal sends Ctrl-C to all processes, and `timeout` and `uv
# run` also forward the signal.
SAME_SECONDS = 0.1
# The seconds that code has to end after the first signal, so that the process ends within 2 s.
PATIENCE_SECONDS = 1.5
# The time of the first signal. Python drops a KeyboardInterrupt that is raised in a finalizer or a callback, for example during
# an import. A later Stop reads this time, and therefore knows of the signal.
_first: list[float] = []
# True during a graceful stop with `drains`.
_draining = Event()


@contextmanager
def end_on_interrupt(exit_code: int, line: Callable[[], str]) -> Iterator[None]:
    """At a KeyboardInterrupt within the context, print `line()` to stderr and exit. SIGTERM also raises KeyboardInterrupt
    within the context. Use this only in the main thread. The second signal ends the process at once. The process also ends
    PATIENCE_SECONDS after the first signal, unless a graceful stop `drains`. Without this limit, the compilation of a kernel,
    for example, could delay the end by 10 s.
    """
    reader, writer = socketpair()
    writer.setblocking(False)

    def watch() -> None:
        try:
            _wait_for_one(reader)
            first, drains = monotonic(), _draining.is_set()
            _first.append(first)
            reader.settimeout(PATIENCE_SECONDS)
            try:
                _wait_for_second(reader, first)
            except TimeoutError:
                if drains or _draining.is_set():
                    reader.settimeout(None)
                    _wait_for_second(reader, first)
        except EOFError:
            return
        show_cursor = "\r\x1b[?25h" if sys.stderr.isatty() else ""  # a progress bar hides the cursor
        os.write(sys.stderr.fileno(), f"{show_cursor}sweepgd: {printable(line())}\n".encode())
        os._exit(exit_code)

    def unraisable(args: "sys.UnraisableHookArgs") -> None:
        if not issubclass(args.exc_type, KeyboardInterrupt):
            hook(args)

    thread = Thread(target=watch, daemon=True)
    thread.start()
    before = signal.set_wakeup_fd(writer.fileno())
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    handled = [number for number, handler in handlers.items() if handler is not signal.SIG_IGN]
    for number in handled:
        signal.signal(number, signal.default_int_handler)
    hook, sys.unraisablehook = sys.unraisablehook, unraisable
    try:
        yield
    except KeyboardInterrupt:
        print(f"sweepgd: {line()}", file=sys.stderr)
        sys.exit(exit_code)
    finally:
        sys.unraisablehook = hook
        for number in handled:
            signal.signal(number, handlers[number])
        signal.set_wakeup_fd(before)
        writer.close()  # ends the thread
        thread.join()
        reader.close()
        _first.clear()


def _wait_for_one(signals: socket) -> None:
    """Wait for one of SIGNALS. Raise EOFError if the writer is closed, and TimeoutError if no signal arrives in time."""
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
    """A request to stop, which is false until a signal has arrived."""

    def __init__(self, requested_at: float | None = None) -> None:
        self._requested_at = requested_at

    def __bool__(self) -> bool:
        return self._requested_at is not None

    @property
    def seconds(self) -> float:
        """The seconds since the request, or 0 if there is no request."""
        return 0.0 if self._requested_at is None else monotonic() - self._requested_at

    def ask(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal. Raise KeyboardInterrupt at the second signal."""
        if self._requested_at is None:
            self._requested_at = monotonic()
        elif monotonic() - self._requested_at > SAME_SECONDS:
            raise KeyboardInterrupt


@contextmanager
def graceful_stop(*, drains: bool = False) -> Iterator[Stop]:
    """Yield a Stop that the first signal sets, instead of raising KeyboardInterrupt. Use this only in the main thread.

    With `drains`, the process is not ended after PATIENCE_SECONDS, and the caller must end in time.
    """
    in_main = current_thread() is main_thread()
    stop = Stop(_first[0] if _first and in_main else None)
    if drains:
        _draining.set()
    replaced = [number for number in SIGNALS if in_main and signal.getsignal(number) is signal.default_int_handler]
    for number in replaced:
        signal.signal(number, stop.ask)
    try:
        yield stop
    finally:
        if drains:
            _draining.clear()
        for number in replaced:
            signal.signal(number, signal.default_int_handler)
