"""Protection of the command's process from plugin code that runs in this process.

Changes that affect the whole process are undone. The protection is not complete. sweeps/RESULTS.md lists what plugin code can
still do.
"""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from threading import current_thread, main_thread

from sweepgd.core.interrupts import SIGNALS

STDIN, STDOUT, STDERR = 0, 1, 2


@contextmanager
def contained() -> Iterator[None]:
    """Redirect stdout to stderr within the context, and afterwards restore the state of the process. The state is the working
    directory, the recursion limit, the umask, the standard streams, and the handlers of Ctrl-C and SIGTERM.

    A process that is forked within the context ends when the context ends. Outside of the main thread, nothing is redirected or
    restored.
    """
    if current_thread() is not main_thread():
        yield
        return
    process = os.getpid()
    with ExitStack() as restored:
        restored.callback(sys.setrecursionlimit, sys.getrecursionlimit())
        with suppress(OSError):  # the working directory may have been removed
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
    """Redirect stdout to stderr for Python and C code, because another program may read the stdout of the command.

    If code closes all descriptors, as daemons do, the process cannot continue and ends with a message.
    """
    streams = sys.stdin, sys.stdout, sys.stderr
    if sys.stdout is not None:
        sys.stdout.flush()
    copies = {}
    for standard in (STDIN, STDOUT, STDERR):
        with suppress(OSError):  # the descriptor may be closed, for example by `>&-` in a shell
            copies[standard] = os.dup(standard)
    if STDOUT in copies and STDERR in copies:
        os.dup2(STDERR, STDOUT)
    sys.stdout = sys.stderr
    try:
        yield
    finally:
        sys.stdin, sys.stdout, sys.stderr = streams
        _restore(copies)


def _restore(copies: Mapping[int, int]) -> None:
    """Restore the standard descriptors from copies. End the process if a copy was closed, because other descriptors were then
    closed too.
    """
    try:
        for standard, copy in copies.items():
            os.dup2(copy, standard)
            os.close(copy)
    except OSError:
        with suppress(OSError):
            os.write(STDERR, b"sweepgd: a plugin has closed file descriptors of the process that imported it: fix it\n")
        os._exit(1)
