"""Progress of long work, on stderr: a bar on a terminal, otherwise plain lines."""

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sweepgd.cli.console import stderr
from sweepgd.cli.live_view import LiveView
from sweepgd.cli.page_process import PageProcess
from sweepgd.record.follow import Follower
from sweepgd.record.trial_record import unpack
from sweepgd.report.search_status import SearchStatus, in_few_words
from sweepgd.report.task_status import TaskStatus

if TYPE_CHECKING:
    from sweepgd.minimisers.measure_recorded import MeasureResult
    from sweepgd.training.trial import TrialResult


class PointsProgress:
    """A context manager that shows the name of what is being evaluated and, on a terminal, a progress bar."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = stderr(quiet=quiet)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        live = self._console.is_terminal and not quiet
        self._bar = Progress(*columns, console=self._console, transient=True, disable=not live)
        self._task = None if not live else self._bar.add_task("", total=None, visible=False)

    def __enter__(self) -> "PointsProgress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def note(self, what: str) -> None:
        """Print a message in a separate line."""
        self._console.print(what, soft_wrap=True)

    def began(self, what: str, points: int) -> None:
        """Start a bar named `what` for a number of points. Call this method before the first point."""
        if self._task is None:
            self.note(f"{what}: {points} points")
        else:
            self._bar.reset(self._task, description=what, total=points, visible=True)

    def advance(self) -> None:
        """Advance the bar by one point. Call this method after each point."""
        if self._task is not None:
            self._bar.advance(self._task)


class TaskProgress:
    """A context manager that shows the preparation of tasks, then the number of finished tasks and their rate."""

    verb = "running"

    def __init__(self, status: TaskStatus, *, quiet: bool = False) -> None:
        self._status = status
        self._console = stderr(quiet=quiet)
        self._view = LiveView(status, self._console, quiet=quiet)
        self._preparing = self._console.status("preparing …")
        self._warnings: list[str] = []

    def __enter__(self) -> Self:
        if self._view.is_live:
            self._preparing.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._preparing.stop()
        self._view.__exit__(*reason)

    def note(self, what: str) -> None:
        """Print a message in a separate line."""
        self._console.print(what, soft_wrap=True)

    def warn(self, what: str) -> None:
        """Keep a warning until `show_warnings` prints it after the results, where users see it."""
        self._warnings.append(what)

    def show_warnings(self) -> None:
        """Print the warnings, each in a separate line."""
        for what in self._warnings:
            self.note(f"warning: {what}")

    def started(self, total: int, done: int, where: str) -> None:
        """Begin to count: `done` of `total` tasks are recorded already. `where` says where the remaining tasks run."""
        self._preparing.stop()
        began, counted = monotonic(), self._status.counted
        self._status.begin(total, done, where, lambda: monotonic() - began)
        if done:
            rest = f"{self.verb} the remaining {total - done}" if done < total else "nothing is left to do"
            self.note(f"{done} of {total} {counted} are recorded already; {rest}")
        elif not self._view.is_live:
            self.note(f"{self.verb} {total} {counted} on {where}")
        if done < total:
            self._view.start()

    def finished(self, result: Any) -> None:
        """Count a finished task. Call this method when the rows of the task are durable."""
        self._status.done += 1
        self._view.changed(now=self._status.done == self._status.total)


class SearchProgress(TaskProgress):
    """Progress of a search with the best trial so far and, if `verbose`, one line per trial.

    Trials that `directory` holds at the start count too. `counted` is the name of the trials in the line with their number,
    such as "trials of shard 3/20". `page` is started when the trials start.
    """

    def __init__(
        self,
        directory: Path,
        *,
        quiet: bool = False,
        verbose: bool = False,
        counted: str | None = None,
        page: PageProcess | None = None,
    ) -> None:
        self._search = SearchStatus(counted)
        super().__init__(self._search, quiet=quiet)
        self._directory, self._quiet, self._verbose, self._page = directory, quiet, verbose, page

    def started(self, total: int, done: int, where: str) -> None:
        if 0 < done < total and not (self._quiet and self._page is None):
            for rows in Follower(self._directory).new_trials():
                self._search.add_rows(rows)
        super().started(total, done, where)
        if done < total and self._page is not None:
            self._page.start(self._search.line())

    def finished(self, result: "TrialResult") -> None:
        objective = None if result.objectives is None else result.objectives[0]
        self._search.add(result.status, objective, lambda: unpack(result.record).rows[0])
        if self._verbose:
            row = unpack(result.record).rows[0]
            self.note(f"trial {result.trial}: {result.status}, {in_few_words(row)}: {row['message']}")
        super().finished(result)
        if self._page is not None:
            self._page.tell(self._search.line)


class MeasureStatus(TaskStatus):
    """The progress of measuring, with the number of failed measures."""

    failed = 0

    def details(self) -> str:
        return f"{self.failed} failed" if self.failed else ""


class MeasureProgress(TaskProgress):
    """Progress of measuring recorded minimisers, with the number of failed measures."""

    verb = "taking"

    def __init__(self, *, quiet: bool = False) -> None:
        self._measures = MeasureStatus("measures")
        super().__init__(self._measures, quiet=quiet)

    def finished(self, result: "MeasureResult") -> None:
        self._measures.failed += result.failed
        super().finished(result)
