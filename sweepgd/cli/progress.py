"""Progress of long work, on stderr: a bar on a terminal, otherwise plain lines."""

from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sweepgd.cli.console import stderr
from sweepgd.report.number_format import significant

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


# Without a terminal, at least this many seconds pass between two lines.
LINE_SECONDS = 5.0


class TaskProgress:
    """A context manager that shows the preparation, then the number of finished tasks and how many finish per second.

    `counted` names the tasks in messages about their number, such as "trials of shard 3/20". The default is `noun`.
    """

    noun, verb = "tasks", "running"

    def __init__(self, *, quiet: bool = False, counted: str | None = None) -> None:
        self._counted = counted or self.noun
        self._console = stderr(quiet=quiet)
        self._live = self._console.is_terminal and not quiet
        self._preparing = self._console.status("preparing …")
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._done = self._total = self._already = 0
        self._warnings: list[str] = []
        self._began = self._said = monotonic()

    def __enter__(self) -> Self:
        if self._live:
            self._preparing.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._preparing.stop()
        if self._bar is not None:
            self._bar.stop()

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
        """Begin to count. `done` of `total` tasks are recorded already. `where` names the place where the others run."""
        self._total, self._already, self._done = total, done, done
        self._began = self._said = monotonic()
        self._preparing.stop()
        if done:
            rest = f"{self.verb} the remaining {total - done}" if done < total else "nothing is left to do"
            self.note(f"{done} of {total} {self._counted} are recorded already; {rest}")
        if not self._live:
            if not done:
                self.note(f"{self.verb} {total} {self._counted} on {where}")
            return
        self._bar = Progress(
            TextColumn(self._counted),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
            console=self._console,
        )
        self._task = self._bar.add_task(self._counted, total=total, completed=done, note="")
        self._bar.start()

    def finished(self, result: Any) -> None:
        """Count a finished task. Call this method when the rows of the task are durable."""
        self._done += 1
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=self._done, note=self._note())
        elif monotonic() - self._said > LINE_SECONDS or self._done == self._total:
            self._said = monotonic()
            self.note(f"{self._done}/{self._total} {self._counted}, {self._note()}")

    def _note(self) -> str:
        elapsed = max(monotonic() - self._began, 1e-9)
        return f"{(self._done - self._already) / elapsed:.3g} {self.noun}/s"


class SearchProgress(TaskProgress):
    """Progress of a search, with the best trial so far and, if `verbose`, one line per trial."""

    noun = "trials"

    def __init__(self, *, quiet: bool = False, verbose: bool = False, counted: str | None = None) -> None:
        super().__init__(quiet=quiet, counted=counted)
        self._verbose = verbose
        self._best, self._best_trial = inf, -1

    def finished(self, result: "TrialResult") -> None:
        if result.objectives is not None and result.status in ("completed", "pruned") and result.objectives[0] < self._best:
            self._best, self._best_trial = result.objectives[0], result.trial
        if self._verbose:
            row = result.finished.rows[0]
            self.note(
                f"trial {result.trial}: {result.status}, {row['optimizer']}, batch {row['batch_size']},"
                f" rate {row['learning_rate']:.3g}: {row['message']}"
            )
        super().finished(result)

    def _note(self) -> str:
        note = super()._note()
        if self._best < inf:
            # A continued search does not read earlier results again, so that the best of all trials is unknown here.
            best = "best of these" if self._already else "best"
            note += f", {best} {significant(self._best)} (trial {self._best_trial})"
        return note


class MeasureProgress(TaskProgress):
    """Progress of measuring recorded minimisers, with the number of failed measures."""

    noun, verb = "measures", "taking"

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self._failed = 0

    def finished(self, result: "MeasureResult") -> None:
        self._failed += result.failed
        super().finished(result)

    def _note(self) -> str:
        return super()._note() + (f", {self._failed} failed" if self._failed else "")
