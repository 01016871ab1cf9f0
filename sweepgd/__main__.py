"""The command line, as the `sweepgd` script and `python -m sweepgd` run it.

Ctrl-C and SIGTERM are one line from the first moment on: handlers are set before anything else is imported, which takes most of
a second. `sweepgd.core.interrupts` replaces them once there is something to end in order.
"""

import atexit
import gc
import io
import os
import signal
import threading
import time
from contextlib import suppress
from types import FrameType

INTERRUPTED = 130
# The time limit for threads that plugins have left to end by themselves.
PATIENCE_SECONDS = 0.5


def main() -> None:
    """Run the command line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` and a shell's `&` have it
            signal.signal(number, _end)
    try:
        from sweepgd.cli.main import main

        main()
    except SystemExit as end:
        _leave_threads(end.code)
        raise
    finally:
        # A KeyboardInterrupt out of an `exec` of text, as of a dataclass being made, marks the process to end by SIGINT in
        # place of its exit code (CPython's unhandled_keyboard_interrupt). The next such `exec` takes the mark away.
        exec("")


def _leave_threads(code: object) -> None:
    """End the process without the threads that plugins have left, which Python would wait for, for ever if need be.

    What it does at its end is done all the same, as far as it can be from here: functions of `atexit`, and files flushed.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    foreign = [each for each in threading.enumerate() if each is not threading.main_thread() and not each.daemon]
    for thread in foreign:
        thread.join(max(0.0, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in foreign):
        atexit._run_exitfuncs()
        gc.unfreeze()
        for file in [each for each in gc.get_objects() if isinstance(each, io.IOBase)]:
            with suppress(OSError, ValueError):
                file.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _end(number: int, frame: FrameType | None) -> None:
    """End the process at once: a KeyboardInterrupt would be caught or printed by what is being imported."""
    try:
        os.write(2, b"sweepgd: interrupted\n")
    finally:
        os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
