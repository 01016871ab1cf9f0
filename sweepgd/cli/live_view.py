"""A status that changes, on stderr: a bar with lines below it on a terminal, otherwise plain lines at growing intervals."""

from time import monotonic
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sweepgd.cli.console import SafeConsole
from sweepgd.core.errors import one_line
from sweepgd.report.task_status import TaskStatus

# Without a terminal, print a line at most this often, and later in the work at most once in this share of the elapsed time.
LINE_SECONDS, LINE_SHARE = 5.0, 0.1
# The view on a terminal is drawn this often per second, by a thread.
REFRESHES = 4
BAR_WIDTH = 24


class LiveView:
    """A context manager that shows a TaskStatus from the call of `start` until the end of the block."""

    def __init__(self, status: TaskStatus, console: SafeConsole, *, quiet: bool = False) -> None:
        self._status, self._console = status, console
        self.is_live = console.is_terminal and not quiet
        self._live = Live(
            get_renderable=self._rendered, console=console, refresh_per_second=REFRESHES, vertical_overflow="crop"
        )
        self._began = self._said = monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def start(self) -> None:
        """Begin to show the status."""
        self._began = self._said = monotonic()
        if self.is_live:
            self._live.start()

    def changed(self, *, now: bool = False) -> None:
        """Print the status if a line is due, or if `now`. Do nothing on a terminal, where a thread draws the status."""
        if self.is_live:
            return
        time = monotonic()
        if now or time - self._said > max(LINE_SECONDS, LINE_SHARE * (time - self._began)):
            self._said = time
            self._console.print(one_line(self._status.line()), soft_wrap=True)

    def _rendered(self) -> Group:
        status = self._status
        bar = Table.grid(padding=(0, 1))
        pace = ", ".join(filter(None, (f"{status.done}/{status.total}", status.pace(), status.where)))
        bar.add_row(Text(status.counted), ProgressBar(max(status.total, 1), status.done, width=BAR_WIDTH), _line(pace))
        details = status.details()
        return Group(bar, *([_line(details)] if details else []))


def _line(text: str) -> Text:
    return Text(one_line(text), no_wrap=True, overflow="ellipsis")
