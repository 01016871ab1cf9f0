"""The output that checked code prints. It is counted and kept out of the report."""

import os
import sys
from multiprocessing.connection import Connection
from threading import Thread

from sweepgd.execution import fork_server

FIRST_BYTES = 200
# The longest wait for the end of the output, in seconds. A process that a plugin left running may keep the pipe open.
PATIENCE_SECONDS = 1.0


class Output:
    """A pipe that processes print to, and a thread that reads it."""

    def __init__(self) -> None:
        self._reads, self.end = fork_server.context.Pipe(duplex=False)
        self._first, self._lines = b"", 0
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while text := os.read(self._reads.fileno(), 2**16):
            self._first += text[: FIRST_BYTES - len(self._first)]
            self._lines += text.count(b"\n")

    def summary(self) -> str:
        """Return a summary of the output, to be called after the processes have ended; '' if nothing was printed."""
        self.end.close()
        self._thread.join(PATIENCE_SECONDS)
        if not self._first:
            return ""
        first = self._first.decode("utf-8", "replace").splitlines()[0].strip()
        lines = max(self._lines, 1)
        return f"it prints {lines:,} line{'s' * (lines > 1)} (left out here), first {first!r}"


def print_to(end: Connection) -> None:
    """Redirect the output of this process to the `end` of an `Output`."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    for number in (1, 2):
        os.dup2(end.fileno(), number)
