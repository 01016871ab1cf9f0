"""Progress of the evaluation of many points, on stderr: a bar on a terminal, otherwise a plain line."""

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sweepgd.report.console import stderr


class PointsProgress:
    """Shows what is being evaluated, with a progress bar on a terminal. A context manager."""

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
        """Start the bar of `what` with a total of `points`; called before the first point."""
        if self._task is None:
            self.note(f"{what}: {points} points")
        else:
            self._bar.reset(self._task, description=what, total=points, visible=True)

    def advance(self) -> None:
        """Advance the bar by one point; called after each point."""
        if self._task is not None:
            self._bar.advance(self._task)
