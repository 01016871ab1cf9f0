"""Results on their way into the record: durable, then known to count, then shown."""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from sweepgd.record import NoRoom
from sweepgd.record.pace import Pace
from sweepgd.record.stopping import never
from sweepgd.storage.advisor import SharedAdvisor
from sweepgd.storage.claims import Claims
from sweepgd.storage.link import ANSWER_SECONDS, Link, answer
from sweepgd.storage.writer import Attempt, Writer, attempt_of, largest_segment


class Counting:
    """The results of one command. A step is never waited for: `settle` takes whatever steps are possible."""

    def __init__(self, writer: Writer, claims: Claims, link: Link, advisor: SharedAdvisor, footer: dict[str, str]) -> None:
        self._writer, self._claims, self._link, self._advisor, self._footer = writer, claims, link, advisor, footer
        self._appended: list[tuple[Attempt, bytes]] = []
        self._durable: list[tuple[Attempt, bytes]] = []
        self._asked: list[tuple[Attempt, bytes]] = []
        self._answer: Future[set[Attempt]] | None = None
        self.late: list[tuple[Attempt, bytes]] = []
        """Results that do not count, as another command had taken their trials over, not yet set aside."""
        self._shown: list[int] = []
        self._number: Future[int] = self._next_number()
        self._last: Future[None] | None = None
        self._pace = Pace()
        self._bytes = 0

    def append(self, record: bytes) -> None:
        """Takes a result, in memory until the next `flush`."""
        self._writer.append(record)
        self._appended.append((attempt_of(record), record))

    def flush(self) -> None:
        """Makes everything appended durable, and everything that can be shown visible. After a Problem it can be repeated."""
        self._writer.flush()
        self._durable += self._appended
        self._appended.clear()
        self._say_shown()

    def settle(self) -> None:
        """Takes the steps that need not be waited for. Where there is no room to show a result, the next call tries again."""
        with suppress(NoRoom):
            if self._answer is not None and self._answer.done() and self._may_show():
                counting = answer(self._answer)
                self._answer = None
                for attempt, record in self._asked:
                    if attempt in counting:
                        self._writer.show(record)
                        self._shown.append(attempt[0])
                        self._bytes += len(record)
                    else:
                        self.late.append((attempt, record))
                self._asked = []
            if self._shown:
                self._writer.flush()
                self._say_shown()
        if self._answer is None and self._durable:
            self._asked, self._durable = self._durable, []
            attempts = [attempt for attempt, _ in self._asked]
            self._answer = self._link.submit(lambda: self._claims.finish(attempts))

    def adopt(self, records: list[bytes]) -> None:
        """Shows results of a command that has died, which count. Raises TimeoutError where there is no segment yet."""
        answer(self._number, ANSWER_SECONDS)
        if not self._may_show():
            raise TimeoutError
        for record in records:
            self._writer.show(record)
            self._bytes += len(record)
        self._pace.add(len(records))
        self._writer.flush()

    def _may_show(self) -> bool:
        """Whether there is a segment to show results in; begins one where its number has come."""
        if not (self._writer.has_segment or self._writer.unpublished) and self._number.done():
            self._writer.begin_segment(answer(self._number))
        return self._writer.has_segment

    def _say_shown(self) -> None:
        """Tells the database, and Optuna, what every reader sees now."""
        if not self._shown:
            return
        trials, self._shown = self._shown, []
        self._pace.add(len(trials))
        self._last = self._link.submit(lambda: self._claims.recorded(trials))
        for trial in trials:
            self._advisor.counts(trial)

    @property
    def settled(self) -> bool:
        """Whether every result is shown or set aside, and the database knows."""
        waiting = self._appended or self._durable or self._asked or self._shown or self.late
        return not waiting and (self._last is None or self._last.done())

    @property
    def waiting(self) -> list[int]:
        """The trials whose results only this command's own log holds for sure."""
        return [*self._shown, *(trial for (trial, _), _ in (*self._appended, *self._durable, *self._asked))]

    @property
    def unpublished_bytes(self) -> int:
        """How many bytes of the log the next parts are made of."""
        return self._bytes + sum(len(record) for _, record in (*self._appended, *self._durable, *self._asked))

    def publish(self, stop: Callable[[], bool] = never) -> None:
        """Makes parts of what is shown. Raises GivenUp where `stop` says so; after that, or a Problem, it can be repeated."""
        self.flush()
        self._writer.publish(self._footer, stop)
        # Before anything else can fail: readers pass over a segment that has the number of a part.
        if self._pace.pending:
            self._number = self._next_number()
        self._pace.publish()
        self._bytes = 0
        self._writer.wait_anew(record for _, record in (*self.late, *self._asked, *self._durable))

    def publish_if_due(self, stop: Callable[[], bool]) -> None:
        """Publishes as often as a Store does."""
        if self._pace.due:
            self.publish(stop)

    def _next_number(self) -> Future[int]:
        directory = self._writer.directory
        return self._link.submit(lambda: self._claims.segment(largest_segment(directory) + 1))
