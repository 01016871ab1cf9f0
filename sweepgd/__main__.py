"""The command line, as the `sweepgd` script and `python -m sweepgd` run it.

Ctrl-C and SIGTERM are one line from the first moment on: handlers are set before anything else is imported, which takes most of
a second. `sweepgd.interrupts` replaces them once there is something to end in order.
"""

import os
import signal
from types import FrameType

INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` and a shell's `&` have it
            signal.signal(number, _end)
    try:
        from sweepgd.cli import main

        main()
    finally:
        # A KeyboardInterrupt out of an `exec` of text, as of a dataclass being made, marks the process to end by SIGINT in
        # place of its exit code (CPython's unhandled_keyboard_interrupt). The next such `exec` takes the mark away.
        exec("")


def _end(number: int, frame: FrameType | None) -> None:
    """End the process at once: a KeyboardInterrupt would be caught or printed by what is being imported."""
    try:
        os.write(2, b"sweepgd: interrupted\n")
    finally:
        os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
