"""How the evaluation of many points goes, on stderr: a live bar on a terminal, a plain line elsewhere."""

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sweepgd.report.console import stderr


class PointsProgress:
    """Says what is being evaluated, and on a terminal how far it is. A context manager."""

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
        """Says something in a line of its own."""
        self._console.print(what, soft_wrap=True)

    def began(self, what: str, points: int) -> None:
        """Called before the first of so many points."""
        if self._task is None:
            self.note(f"{what}: {points} points")
        else:
            self._bar.reset(self._task, description=what, total=points, visible=True)

    def advance(self) -> None:
        """Called after each point."""
        if self._task is not None:
            self._bar.advance(self._task)
