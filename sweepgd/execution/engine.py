"""The interface of the engines that run trials: the local pool, and pools of workers on other machines."""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Protocol


class Engine(Protocol):
    """Runs the tasks of one study.

    An engine is a context manager. When its context ends, all its processes have ended. `events` yields events of three kinds:
    results that `run` returned, `Rung` reports, after which a worker waits for `reply`, and `Lost` tasks.
    """

    def __enter__(self) -> "Engine": ...
    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None: ...

    @property
    def has_room(self) -> bool:
        """True if another task should be submitted now."""

    @property
    def busy(self) -> bool:
        """True if any submitted task has not ended."""

    def submit(self, task: Any) -> None:
        """Add a task."""

    def withdraw(self) -> None:
        """Begin no further task, and drop submitted tasks that have not begun."""

    def drain(self) -> None:
        """Begin no further task, and prepare to end with the running tasks."""

    def reply(self, rung: Any, prune: bool) -> None:
        """Tell the trial that reported at a rung to stop or to continue."""

    def events(self, timeout: float) -> Iterator[Any]:
        """Yield the events since the last call. If there are no events, wait at most `timeout` seconds for an event."""
