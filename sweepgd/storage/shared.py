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
from sweepgd.record.stopping import GivenUp, never
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
# The same where it ends before all is done, as at a Ctrl-C, and how long it may be silent meanwhile: see DRAIN_SECONDS.
HURRY_SECONDS, HURRY_PATIENCE = 0.5, 0.3
# Telling Optuna what it lacks: what takes longer is said, and so long may one of its queries take, of all trials of a study.
TELL_SECONDS, TELL_PATIENCE = 1.0, 60.0


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
        self.stop: Callable[[], bool] = never
        """Whether somebody has asked to stop: nothing that takes long is begun then, nor gone on with."""
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
        """Makes parts of what is shown. Raises GivenUp where `stop` says so; after that, or a Problem, it can be repeated."""
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

        What waits longer than some seconds for the database, or for room, and what would take long to publish, more than
        CLOSE_BYTES, stays in the log for the next command on this directory.
        """
        done = False
        try:
            with suppress(NoRoom):
                done = self._end()
                if done and self._complete and self._is_last():
                    self._tell_rest()
        finally:
            self._link.close()
            self._writer.close(leave=not done)
            os.close(self._lock)

    def _end(self) -> bool:
        """Whether all of this command's results are where they belong."""
        self._counting.flush()
        hurries = not self._complete or self.stop()
        if hurries:
            self._link.patience = HURRY_PATIENCE
        deadline = monotonic() + (HURRY_SECONDS if hurries else CLOSE_SECONDS)
        is_small = self.unpublished_bytes <= CLOSE_BYTES
        if self._writer.unpublished and is_small:
            with suppress(NoRoom):
                self._counting.publish()  # nothing more can be shown before
        settled = self._within(self._settled, -inf if self._writer.unpublished else deadline)
        waiting = self._counting.waiting
        released = self._within(self._link.submit(lambda: self._claims.release(waiting=waiting)).done, deadline)
        if settled and released and not hurries:
            with suppress(TimeoutError, GivenUp):
                self._adoption.look(self.stop)
        if not settled:
            waited = self._link.away or not self._writer.unpublished
            why = "the database does not answer: " if waited else ""
            self._note(f"{why}{self._writer.folder} keeps results for the next command to add")
        if not is_small:
            return False
        self._counting.publish()
        return settled

    def _settled(self) -> bool:
        self._counting.settle()
        self._set_aside()
        return self._counting.settled

    def _within(self, done: Callable[[], bool], deadline: float, absence: float = 0.0) -> bool:
        """Waits until something is done, while there is time, and the database is not away for longer than some seconds."""
        there = monotonic()
        while not done():
            now = monotonic()
            if not self._link.away:
                there = now
            if now > deadline or now - there > absence:
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
        self._link.patience = TELL_PATIENCE
        if not self._within(told.done, monotonic() + TELL_SECONDS, CLOSE_SECONDS):
            self._note("adding what is recorded to Optuna's study, for dashboards")
        if self._within(told.done, inf, CLOSE_SECONDS):
            answer(told)
        else:
            self._note("the database does not answer: Optuna's study lacks results until the same command is run again")

    def _settle(self) -> None:
        self._link.check()
        self._counting.settle()
        with suppress(NoRoom):
            self._set_aside()
        if monotonic() - self._looked > ADOPT_SECONDS and not (self._link.away or self.stop()):
            with suppress(TimeoutError, NoRoom, GivenUp):
                self._adoption.look(self.stop)
            self._looked = monotonic()

    def _set_aside(self) -> None:
        """Keeps what came late."""
        if late := self._counting.late:
            path = self._writer.set_aside(record for _, record in late)
            trials = ", ".join(f"trial {trial} (attempt {attempt})" for (trial, attempt), _ in late)
            self._note(f"{trials} ended after another command had taken over: set aside in {path}")
            late.clear()
