"""The entry point of the `sweepgd` script and of `python -m sweepgd`.

Ctrl-C and SIGTERM print one line even during start-up. The handlers of both are set before all other imports, because these
imports take most of a second. `sweepgd.core.interrupts` replaces the handlers when a command starts work that needs an orderly
end.
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
# Threads of plugins have this time, in seconds, to end by themselves.
PATIENCE_SECONDS = 0.5


def main() -> None:
    """Run the command line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` and a shell's `&` start commands with some signals ignored
            signal.signal(number, _end)
    try:
        from sweepgd.cli.main import main

        main()
    except SystemExit as end:
        _leave_threads(end.code)
        raise
    finally:
        # A KeyboardInterrupt inside an `exec` of text, such as the creation of a dataclass, makes CPython end the process by
        # SIGINT instead of with its exit code (`unhandled_keyboard_interrupt`). Another `exec` of text resets this state.
        exec("")


def _leave_threads(code: object) -> None:
    """End the process without waiting for threads that plugins started.

    Python itself would wait for them forever. As at a normal exit, run the functions of `atexit` and flush files.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    foreign = [thread for thread in threading.enumerate() if thread is not threading.main_thread() and not thread.daemon]
    for thread in foreign:
        thread.join(max(0.0, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in foreign):
        atexit._run_exitfuncs()
        gc.unfreeze()
        for file in [item for item in gc.get_objects() if isinstance(item, io.IOBase)]:
            with suppress(OSError, ValueError):
                file.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _end(number: int, frame: FrameType | None) -> None:
    """End the process at once. A module that is being imported could catch or print a KeyboardInterrupt, so none is raised."""
    try:
        os.write(2, b"sweepgd: interrupted\n")
    finally:
        os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
