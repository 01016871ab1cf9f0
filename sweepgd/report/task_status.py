"""The progress of many tasks as text: how many are done, their rate, and the time left."""

from collections.abc import Callable

from sweepgd.report.number_format import time_left


class TaskStatus:
    """`done` of `total` tasks. The first `already` of them were done before the clock `seconds` began.

    `noun` is the name of the tasks in the text of their rate, and `counted` is their name in the text of their number. `where`
    says where the tasks run, if known.
    """

    def __init__(self, noun: str, counted: str | None = None) -> None:
        self.noun, self.counted = noun, counted or noun
        self.total = self.done = self.already = 0
        self.where = ""
        self.seconds: Callable[[], float] = lambda: 0.0
        """Return the seconds since the remaining tasks began."""

    def begin(self, total: int, done: int, where: str, seconds: Callable[[], float]) -> None:
        """Begin to count, with `done` of `total` tasks done already."""
        self.total, self.done, self.already, self.where, self.seconds = total, done, done, where, seconds

    @property
    def rate(self) -> float | None:
        """The tasks per second, or None before a task is done."""
        seconds, new = self.seconds(), self.done - self.already
        return new / seconds if new > 0 and seconds > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """The estimated seconds until all tasks are done, or None without an estimate."""
        return None if not (rate := self.rate) or self.done > self.total else (self.total - self.done) / rate

    def pace(self) -> str:
        """Return the rate, and the time left if tasks are left."""
        rate, left = self.rate, self.seconds_left
        if rate is None:
            return ""
        return f"{rate:.3g} {self.noun}/s" + (f", {time_left(left)} left" if left else "")

    def details(self) -> str:
        """Return a text about the finished tasks for further lines, or ""."""
        return ""

    def line(self) -> str:
        """Return everything in one line."""
        return ", ".join(filter(None, (f"{self.done}/{self.total} {self.counted}", self.pace(), self.details())))
