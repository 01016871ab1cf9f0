"""The process that keeps the page of a search fresh, beside the search."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shlex import quote
from time import monotonic

# The interval at which the page shows the progress, and reloads itself.
FRESH_SECONDS = 5
# At 19, the first page would take minutes if all cores are busy.
NICENESS = 10
# A longer write to a pipe could be incomplete.
MOST_BYTES = 4000


class PageProcess:
    """Keeps `report.html` in the directory of a search fresh. After the search, the process writes a last page and ends.

    The process is in a process group of its own, so that Ctrl-C in the terminal does not end the process before the last page.
    Its priority is low, so that it does not slow down the search.
    """

    def __init__(self, directory: Path) -> None:
        self._directory, self._told = directory, 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, progress: str) -> None:
        """Start the process, and send it the progress so far. The directory must exist."""
        module, nowhere = "sweepgd.report.page.fresh_page", subprocess.DEVNULL
        command = [sys.executable, "-P", "-m", module, str(self._directory.resolve()), str(FRESH_SECONDS)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, process_group=0, bufsize=0
        )
        os.setpriority(os.PRIO_PROCESS, self._process.pid, NICENESS)
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        self._write(progress)

    def tell(self, progress: Callable[[], str]) -> None:
        """Send the progress to the process, at most every FRESH_SECONDS."""
        if monotonic() - self._told > FRESH_SECONDS:
            self._write(progress())

    def last_page(self) -> str:
        """Wait for the page of the ended search. Return a line that names the page, or says that it could not be written."""
        if self._process is None:  # nothing was left to run
            self.start("")
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self._process.wait():
            return f"the page could not be written; to see why: sweepgd report {quote(str(self._directory))}"
        return f"wrote {self._directory / 'report.html'}"

    def _write(self, progress: str) -> None:
        self._told = monotonic()
        assert self._process is not None
        assert self._process.stdin is not None
        # The pipe is full if the process gets no time, and broken if it has failed, which `last_page` reports.
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._process.stdin.fileno(), progress.encode()[:MOST_BYTES] + b"\n")
