"""The text that checked code prints. The report contains only the number of lines and the first line."""

import os
import sys
from multiprocessing.connection import Connection
from threading import Thread

from sweepgd.execution import fork_server

FIRST_BYTES = 200
# The longest wait in seconds for the end of the output, because a process that a plugin left running may keep the pipe open.
PATIENCE_SECONDS = 1.0


class Output:
    """A pipe for the output of processes, and a thread that reads the pipe."""

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
        """Return a summary of the output, or '' if nothing was printed. The processes must have ended."""
        self.end.close()
        self._thread.join(PATIENCE_SECONDS)
        if not self._first:
            return ""
        first = self._first.decode("utf-8", "replace").splitlines()[0].strip()
        lines = max(self._lines, 1)
        return f"it prints {lines:,} line{'s' * (lines > 1)} (left out here); the first is {first!r}"


def print_to(end: Connection) -> None:
    """Redirect the output of this process to the `end` of an `Output`."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    for number in (1, 2):
        os.dup2(end.fileno(), number)
