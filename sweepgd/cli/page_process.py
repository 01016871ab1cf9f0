"""The process that keeps the page of a search fresh, beside the search."""

import subprocess
import sys
from pathlib import Path


class PageProcess:
    """`sweepgd report DIR --watch` for the directory of a search. It ends by itself after the search, also if that is killed.

    It has a session of its own, so that Ctrl-C in the terminal does not end it before it has written the last page.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; the directory must be locked by the search."""
        command = [sys.executable, "-m", "sweepgd", "report", "--watch", "--", str(self._directory)]
        nowhere = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True)

    def last_page(self) -> str:
        """Wait for the page of the ended search. Return a line that names the page, or says that there is none."""
        if self._process is None:
            self.start()
        assert self._process is not None
        if self._process.wait():
            return f"the page could not be written; to see why: sweepgd report {self._directory}"
        return f"wrote {self._directory / 'report.html'}"
