"""Code of plugins that runs in the command's own process: what it does to the process as a whole is undone.

It cannot be kept from everything. README names what it can do, and where it does the worst, in its promise.
"""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from threading import current_thread, main_thread

from sweepgd.interrupts import SIGNALS

STDIN, STDOUT, STDERR = 0, 1, 2


@contextmanager
def contained() -> Iterator[None]:
    """Lead what is written to stdout inside to stderr, and put back what code inside changes of the process.

    That is the working directory, the recursion limit, the umask, the standard streams, and who hears Ctrl-C and SIGTERM. A
    process that was forked inside ends where the block does. For the main thread; in others it does nothing.
    """
    if current_thread() is not main_thread():
        yield
        return
    process = os.getpid()
    with ExitStack() as restored:
        restored.callback(sys.setrecursionlimit, sys.getrecursionlimit())
        with suppress(OSError):  # where the working directory has been removed
            restored.callback(os.chdir, os.getcwd())
        umask = os.umask(0o077)
        os.umask(umask)
        restored.callback(os.umask, umask)
        for number in SIGNALS:
            restored.callback(signal.signal, number, signal.getsignal(number))
        restored.enter_context(_stdout_aside())
        try:
            yield
        finally:
            if os.getpid() != process:
                os._exit(0)


@contextmanager
def _stdout_aside() -> Iterator[None]:
    """Lead what Python and what is beneath it write to stdout to stderr: a command's own output may be read by a program.

    Code inside that closes all descriptors, as daemons do, ends the process with a line: nothing in it can go on.
    """
    streams = sys.stdin, sys.stdout, sys.stderr
    if sys.stdout is not None:
        sys.stdout.flush()
    kept = {}
    for standard in (STDIN, STDOUT, STDERR):
        with suppress(OSError):  # where it is closed, as `>&-` has it
            kept[standard] = os.dup(standard)
    if STDOUT in kept and STDERR in kept:
        os.dup2(STDERR, STDOUT)
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        _put_back(kept)


def _put_back(kept: Mapping[int, int]) -> None:
    """Give standard descriptors what they had. End the process where that has been closed, as others then have been too."""
    try:
        for standard, copy in kept.items():
            os.dup2(copy, standard)
            os.close(copy)
    except OSError:
        with suppress(OSError):
            os.write(STDERR, b"sweepgd: a plugin has closed file descriptors of the process that imported it: mend it\n")
        os._exit(1)
