"""What becomes of the results and claims of a command that has died: another adopts them."""

from collections.abc import Callable
from typing import TypeVar

from sweepgd.record import load
from sweepgd.record.stopping import GivenUp
from sweepgd.storage.advisor import SharedAdvisor
from sweepgd.storage.claims import Claims
from sweepgd.storage.counting import Counting
from sweepgd.storage.dead import Dead, dead
from sweepgd.storage.link import ANSWER_SECONDS, Link, answer
from sweepgd.storage.told import states
from sweepgd.storage.writer import Writer, attempt_of, keep_late

T = TypeVar("T")


class Adoption:
    """Goes on with what dead commands were about to do. Whatever was done already is found so, and not done again."""

    def __init__(
        self,
        writer: Writer,
        counting: Counting,
        claims: Claims,
        link: Link,
        advisor: SharedAdvisor,
        footer: dict[str, str],
        note: Callable[[str], None],
    ) -> None:
        self._directory, self._counting, self._claims, self._link = writer.directory, counting, claims, link
        self._advisor, self._footer, self._note = advisor, footer, note

    def look(self, stop: Callable[[], bool]) -> None:
        """Adopts what there is; a later look goes on.

        Raises TimeoutError where the database goes away, NoRoom, and GivenUp where `stop` says so.
        """
        for command in dead(self._directory):
            if stop():
                raise GivenUp
            self._counting.flush()  # what an earlier look had no room for: it is seen then, and not shown twice
            try:
                self._adopt(command, stop)
            finally:
                for line in command.notes:
                    self._note(line)

    def _adopt(self, command: Dead, stop: Callable[[], bool]) -> None:
        results = {attempt_of(record): record for record in command.waiting()}
        counts = self._answer(lambda: self._claims.finish(results, command.holder))
        if held := self._answer(lambda: self._claims.unrecorded(command.holder)):
            shown = set(load(self._directory).trials["trial"].to_pylist())
            lacking = {key: record for key, record in results.items() if key in counts and key[0] not in shown}
            if lacking:
                self._counting.adopt(list(lacking.values()))
            visible = held & shown.union(trial for trial, _ in lacking)
            self._answer(lambda: self._claims.recorded(visible))
            if self._advisor.learns:
                found = states(self._directory, self._advisor)
                self._advisor.learn({trial: found[trial] for trial in visible & found.keys()})
        self._answer(lambda: self._claims.release(command.holder))
        command.publish(self._footer, stop)
        if late := [record for key, record in results.items() if key not in counts]:
            path = keep_late(self._directory, command.holder, late)
            self._note(f"{len(late)} results of {command.holder} came late, and are set aside in {path}")
        command.empty()
        self._note(f"{command.holder} ended without a word: its trials are taken over")

    def _answer(self, job: Callable[[], T]) -> T:
        return answer(self._link.submit(job), ANSWER_SECONDS)
