"""Who runs which trial: tables of ours beside Optuna's, in which a number is given out once, and again if its holder dies."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, select, text, update

from sweepgd.problem import Problem
from sweepgd.storage.tables import (
    CLAIMS,
    FINISH,
    FINISHED,
    FOUND,
    LOCK_FOLLOWING,
    LOST,
    RECORD,
    RECORDED,
    RELEASE,
    RENEW,
    SEGMENT,
    SET_FOLLOWING,
    TAKE_NEW,
    TAKE_OVER,
)

# A holder that has not renewed for so long is taken for dead; it renews four times as often.
LEASE_SECONDS = 60.0


class Claim(NamedTuple):
    """A trial to run: how many holders it has had, and the number of what Optuna was asked for it, if it was."""

    trial: int
    attempt: int
    asked: int | None


class Claims:
    """The claims of one holder in one study. Every method is one transaction, and may be repeated."""

    def __init__(self, engine: Engine, study: int, holder: str, total: int) -> None:
        self._engine = engine
        self._study, self.holder, self.total = study, holder, total
        self._following = 0

    def close(self) -> None:
        """Closes the connections."""
        self._engine.dispose()

    def take(self, count: int) -> list[Claim]:
        """Up to so many trials to run: those whose holder's lease is over, by the database's clock, then new numbers.

        No lease is over before the server has been up for as long, as nobody could renew it while it was away. Raises Problem
        where the database knows of fewer trials than before, as where it was restored: it would give them out again.
        """
        values = {"study": self._study, "holder": self.holder, "total": self.total, "lease": LEASE_SECONDS}
        with self._engine.begin() as connection:
            taken = [Claim(*row) for row in connection.execute(TAKE_OVER, values | {"count": count})]
            start = end = connection.execute(LOCK_FOLLOWING, values).scalar_one()
            if start < self._following:
                raise Problem(
                    f"the database was set back, from {self._following} trials to {start}: end all commands of this study; the"
                    " same command then goes on from what is recorded"
                )
            if len(taken) < count:
                while len(taken) < count and end < self.total:
                    start, end = end, min(end + count - len(taken), self.total)
                    taken += [Claim(*row) for row in connection.execute(TAKE_NEW, values | {"start": start, "end": end})]
                connection.execute(SET_FOLLOWING, values | {"end": end})
        self._following = end
        return sorted(taken)

    def renew(self) -> list[Claim]:
        """Renews the leases of all that is held, and returns it."""
        with self._engine.begin() as connection:
            values = {"study": self._study, "holder": self.holder, "lease": LEASE_SECONDS}
            return [Claim(*row) for row in connection.execute(RENEW, values)]

    def finish(self, attempts: Iterable[tuple[int, int]], holder: str | None = None) -> set[tuple[int, int]]:
        """Which of these attempts of a holder, each a trial and its number, count: those that nobody has taken over."""
        trials, numbers = _columns(attempts)
        values = {"study": self._study, "holder": holder or self.holder, "trials": trials, "attempts": numbers}
        with self._engine.begin() as connection:
            return {(row.trial, row.attempt) for row in connection.execute(FINISH, values)}

    def recorded(self, trials: Iterable[int]) -> None:
        """Says that finished trials can be read in the results directory."""
        with self._engine.begin() as connection:
            connection.execute(RECORD, {"study": self._study, "trials": list(trials)})

    def release(self, holder: str | None = None, waiting: Iterable[int] = ()) -> None:
        """Gives back what a holder that has ended has not recorded, to be taken at once, but for what waits in its folder."""
        values = {"study": self._study, "holder": holder or self.holder, "waiting": list(waiting)}
        with self._engine.begin() as connection:
            connection.execute(RELEASE, values)

    def unrecorded(self, holder: str) -> set[int]:
        """The trials that a holder holds, finished or not."""
        with self._engine.begin() as connection:
            return set(connection.scalars(select(CLAIMS.c.trial).where(self._open(holder))))

    def _open(self, holder: str) -> ColumnElement[bool]:
        return (CLAIMS.c.study == self._study) & (CLAIMS.c.holder == holder) & (CLAIMS.c.state != RECORDED)

    def all_recorded(self) -> set[int]:
        """The trials that can be read in the results directory."""
        query = select(CLAIMS.c.trial).where(CLAIMS.c.study == self._study, CLAIMS.c.state == RECORDED)
        with self._engine.begin() as connection:
            return set(connection.scalars(query))

    def holders(self) -> dict[str, int]:
        """How many trials below the total each other holder has not recorded yet."""
        query = text(
            "SELECT holder, count(*) FROM sweepgd_claims"
            " WHERE study = :study AND state <> 'recorded' AND trial < :total AND holder <> :holder GROUP BY holder"
        )
        with self._engine.begin() as connection:
            values = {"study": self._study, "total": self.total, "holder": self.holder}
            return {row[0]: row[1] for row in connection.execute(query, values)}

    def advised(self, trial: int, asked: int) -> None:
        """Says which trial of Optuna's study holds the point of a trial, for whoever takes it over."""
        mine = (CLAIMS.c.study == self._study) & (CLAIMS.c.trial == trial)
        with self._engine.begin() as connection:
            connection.execute(update(CLAIMS).where(mine).values(asked=asked))

    def segment(self, least: int) -> int:
        """A number that no other segment of the log, nor part, has or will have: at least `least`."""
        with self._engine.begin() as connection:
            number = connection.execute(SEGMENT, {"study": self._study, "least": least}).scalar_one()
            return int(number)


def reconcile(connection: Connection, study: int, shown: set[int], holders: set[str]) -> None:
    """Makes the claims agree with the trials that every reader sees, as the record is the truth. Nobody may be running any.

    A trial that is no longer there, as where its part was damaged, is given back. A finished one may still wait in the folder
    of one of these holders.
    """
    rows = connection.execute(select(CLAIMS.c.trial, CLAIMS.c.state, CLAIMS.c.holder).where(CLAIMS.c.study == study)).all()
    found = shown - {row.trial for row in rows if row.state == RECORDED}
    connection.execute(FOUND, {"study": study, "trials": sorted(found)})
    lost = [
        row.trial
        for row in rows
        if row.trial not in shown and (row.state == RECORDED or (row.state == FINISHED and row.holder not in holders))
    ]
    connection.execute(LOST, {"study": study, "trials": lost})


def _columns(attempts: Iterable[tuple[int, int]]) -> tuple[list[int], list[int]]:
    pairs = list(attempts)
    return [trial for trial, _ in pairs], [attempt for _, attempt in pairs]
