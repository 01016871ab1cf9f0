"""One of several commands on one study: it runs what it claims, and shows what counts in the folder that all share."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from math import inf
from pathlib import Path
from time import monotonic, sleep

from sweepgd.record import NoRoom
from sweepgd.record.pace import CLOSE_BYTES
from sweepgd.record.stopping import never
from sweepgd.storage.adoption import Adoption
from sweepgd.storage.advisor import SharedAdvisor
from sweepgd.storage.claims import Claims
from sweepgd.storage.counting import Counting
from sweepgd.storage.link import Link, answer
from sweepgd.storage.memory import Memory
from sweepgd.storage.supply import Supply
from sweepgd.storage.told import states
from sweepgd.storage.writer import Writer

ADOPT_SECONDS = 5.0  # between two looks for commands that have died
SETTLE_SECONDS = 0.005
CLOSE_SECONDS = 10.0  # for the database to answer at the end; what waits longer is adopted by another command
# Where it ends before all is done, as at a Ctrl-C, all is over in 2 s, whether the database hangs or not.
STOP_SECONDS, STOP_PATIENCE = 1.0, 0.3
TELL_SECONDS = 1.0  # what takes longer is said


class Shared:
    """A store of one command among several: what it records is shown once the database has said that it counts.

    A result goes to the command's own log first, which makes it durable; then its claim is finished in the database, unless
    another command has taken the trial over meanwhile; then it is shown. Whoever finds the log of a dead command goes on from
    there, so that no trial is lost, nor shown twice, wherever a command dies.
    """

    def __init__(
        self,
        directory: Path,
        lock: int,
        footer: dict[str, str],
        claims: Claims,
        memory: Memory,
        link: Link,
        advisor: SharedAdvisor,
        note: Callable[[str], None],
    ) -> None:
        """Use `join`."""
        self.directory, self.advisor = directory, advisor
        self._lock, self._claims, self._memory, self._link, self._note = lock, claims, memory, link, note
        self.recorded: set[int] = claims.all_recorded()
        """The trials that are recorded, by any command, as far as is known."""
        self._writer = Writer(directory, claims.holder)
        self._counting = Counting(self._writer, claims, link, advisor, footer)
        self._adoption = Adoption(self._writer, self._counting, claims, link, advisor, footer, note)
        self._supply = Supply(claims, memory, advisor, link)
        self._looked = -inf
        self._complete = self.recorded.issuperset(range(claims.total))
        self._attempts: dict[int, int] = {}

    def attempt(self, trial: int) -> int:
        """Which attempt at a claimed trial this is."""
        return self._attempts[trial]

    def remaining(self, numbers: range) -> Iterator[int | None]:
        """The trials to run here, as they are claimed; None where none can be now, but others may still give some up."""
        waits = False
        while True:
            self._settle()
            claim = self._supply.next()
            if claim is not None:
                self._attempts[claim.trial] = claim.attempt
                yield claim.trial
                continue
            others = self._supply.others
            if others == {} and not self._attempts and self._counting.settled:
                self.recorded |= set(numbers)
                self._complete = True
                return
            if others and not self._attempts and not waits:
                waits = True
                held = ", ".join(f"{holder} ({count})" for holder, count in sorted(others.items()))
                self._note(f"nothing is left to claim here; waiting for what others run: {held}")
            yield None

    def append(self, trial: int, record: bytes) -> None:
        """Takes a result, in memory until the next `flush`."""
        self._counting.append(record)
        self._attempts.pop(trial, None)
        self.recorded.add(trial)

    def flush(self) -> None:
        """Makes everything appended durable. After a Problem it can be repeated."""
        self._counting.flush()
        self._settle()

    def publish(self, stop: Callable[[], bool] = never) -> None:
        """Makes parts of what is shown, unless it is given up meanwhile. After a Problem it can be repeated."""
        self._counting.publish(stop)

    def publish_if_due(self, stop: Callable[[], bool]) -> None:
        """Publishes as often as a Store does."""
        self._counting.publish_if_due(stop)

    @property
    def unpublished_bytes(self) -> int:
        """How many bytes of the log the next parts are made of."""
        return self._counting.unpublished_bytes

    def close(self) -> None:
        """Settles and publishes what it can, gives back what is not run, and lets the directory go.

        What waits longer than some seconds for the database, or for room, stays in the log for the next command on this
        directory.
        """
        done = False
        try:
            with suppress(NoRoom):
                done = self._end()
                if done and self._complete and self._is_last():
                    self._tell_rest()
        finally:
            self._link.close()
            self._claims.close()
            self._memory.close()
            self._writer.close(leave=not done)
            os.close(self._lock)

    def _end(self) -> bool:
        """Whether all of this command's results are where they belong."""
        self._counting.flush()
        if not self._complete:
            self._link.patience = STOP_PATIENCE
        settled = self._within(self._settled)
        if settled and self._within(self._link.submit(self._claims.release).done) and self._complete:
            with suppress(TimeoutError):
                self._adoption.look()
        if not settled:
            self._note(f"the database does not answer: {self._writer.folder} keeps results for the next command to add")
        if self.unpublished_bytes > CLOSE_BYTES:
            return False
        self._counting.publish()
        return settled

    def _settled(self) -> bool:
        self._counting.settle()
        self._set_aside()
        return self._counting.settled

    def _within(self, done: Callable[[], bool], seconds: float | None = None) -> bool:
        """Waits until something is done, for as long as the database answers, and there is time."""
        deadline = monotonic() + (seconds or (CLOSE_SECONDS if self._complete else STOP_SECONDS))
        while not done():
            if self._link.away or monotonic() > deadline:
                return False
            sleep(SETTLE_SECONDS)
        return True

    def _is_last(self) -> bool:
        """Whether no other command is there: of two that end at once, the one that asks second finds the lock its own."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        return True

    def _tell_rest(self) -> None:
        """Tells Optuna all that is recorded and that it does not know, and that nothing else runs."""
        recorded = states(self.directory, self.advisor)

        def tell() -> None:
            self._link.drop_later()
            self._memory.learn(recorded)
            self._memory.fail_rest(self._claims.total)

        told = self._link.submit(tell)
        if not self._within(told.done, TELL_SECONDS):
            self._note("adding what is recorded to Optuna's study, for dashboards")
        if self._within(told.done, inf):
            answer(told)

    def _settle(self) -> None:
        self._link.check()
        self._counting.settle()
        with suppress(NoRoom):
            self._set_aside()
        if monotonic() - self._looked > ADOPT_SECONDS and not self._link.away:
            with suppress(TimeoutError, NoRoom):
                self._adoption.look()
            self._looked = monotonic()

    def _set_aside(self) -> None:
        """Keeps what came late."""
        while self._counting.late:
            (trial, attempt), record = self._counting.late[0]
            path = self._writer.set_aside(record)
            self._note(f"trial {trial}, attempt {attempt}, ended after another command had taken it over: set aside in {path}")
            self._counting.late.pop(0)
