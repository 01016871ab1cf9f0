"""Joining a study: the first command makes it in the database, the others find it there."""

import os
import platform
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex
from shlex import quote
from time import monotonic, sleep

from sqlalchemy import Connection, Engine, insert, select, text, update

from sweepgd.advisor import Advisor
from sweepgd.problem import Problem
from sweepgd.record import load
from sweepgd.record.files import placed, writing
from sweepgd.record.lock import take_lock_together
from sweepgd.record.ready import make_ready
from sweepgd.record.schema import footer
from sweepgd.storage.advisor import SharedAdvisor
from sweepgd.storage.claims import LEASE_SECONDS, Claims, reconcile
from sweepgd.storage.database import visible
from sweepgd.storage.link import Link, refusals
from sweepgd.storage.memory import Memory
from sweepgd.storage.shared import Shared
from sweepgd.storage.tables import STUDIES, make_tables
from sweepgd.storage.told import states
from sweepgd.storage.watch import Watch
from sweepgd.storage.writer import holders
from sweepgd.sweep import Sweep, differences, recorded, to_toml

# Any number that no other program locks by: two commands that begin at once would both make the tables.
TURN_KEY = 0x5EE96D
TURN_SECONDS, TELL_SECONDS = 0.1, 2.0  # between two attempts to have it, and what takes longer is said
# What a command does in its turn, as reading a large record, may take longer than other sessions may be idle; one that is
# stopped meanwhile would keep all others waiting for ever.
TURN_LIMIT = "5min"


def join(
    engine: Engine,
    directory: Path,
    sweep: Sweep,
    objectives: Sequence[str],
    total: int,
    *,
    fresh: bool,
    check: Callable[[], None],
    note: Callable[[str], None],
) -> Shared:
    """One command's part in the study of this sweep's name, recorded in a directory that all its commands share.

    `total` trials are claimed at most; `fresh` begins a new study of that name; `check` is called once the directory is locked.
    Raises Problem where the database holds another sweep, or another directory's study, under the name, and where a search
    without a database writes the directory.
    """
    holder = f"{platform.node()}-{os.getpid()}-{token_hex(3)}"
    watch = Watch()
    watch.add(engine)
    with ExitStack() as undo, refusals():
        undo.callback(engine.dispose)
        found: dict[int, str] = {}
        with engine.begin() as connection:
            _wait_for_turn(connection, note)
            with writing(directory):
                (directory / "log").mkdir(parents=True, exist_ok=True)
                lock, alone = take_lock_together(directory)
            undo.callback(os.close, lock)
            check()
            make_tables(connection)
            study, token = _study(connection, directory, sweep, fresh, alone)
            memory = Memory(engine.url, f"{sweep.name} {token}", sweep, len(objectives), watch)
            undo.callback(memory.close)
            with writing(directory):
                make_ready(directory, to_toml(sweep))
            if alone:
                shown = set(load(directory).trials["trial"].to_pylist())
                reconcile(connection, study, shown, holders(directory))
                mind = Advisor(sweep, objectives)
                if mind.remembers:
                    found = states(directory, mind)
        claims = Claims(engine, study, holder, total)

        def end() -> None:
            memory.close()
            claims.close()

        link = Link(claims.renew, LEASE_SECONDS / 4, watch, note, end)
        undo.callback(link.close)
        advisor = SharedAdvisor(sweep, objectives, memory, link)
        advisor.learn(found)
        shared = Shared(directory, lock, footer(to_toml(sweep)), claims, memory, link, advisor, note)
        undo.pop_all()
        return shared


def _wait_for_turn(connection: Connection, note: Callable[[str], None]) -> None:
    """Holds off other commands that begin, until the transaction ends."""
    connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{TURN_LIMIT}'"))
    connection.execute(text("SET LOCAL lock_timeout = '10s'"))
    began, noted = monotonic(), False
    while not connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": TURN_KEY}).scalar_one():
        if not noted and monotonic() - began > TELL_SECONDS:
            note("another command is joining a study in this database: waiting until it has")
            noted = True
        sleep(TURN_SECONDS)


def check_alone(directory: Path) -> None:
    """Raises Problem where a database divides the trials of a directory: a search without it would run them again."""
    path = directory / "log" / "study"
    given = f", here {' '.join(_known(path)[1:])}" if path.is_file() else ""
    if left := holders(directory):
        raise Problem(
            f"commands with a database run in {directory}, or have left results there ({', '.join(sorted(left))}): give"
            f" --storage{given}, which adds them"
        )
    if path.is_file():
        raise Problem(
            f"the trials of {directory} are divided by a database: give --storage{given}; to go on without it"
            f" for good, once no command uses it: rm {quote(str(path))}"
        )


def _known(path: Path) -> list[str]:
    """The token of the study that a directory is of, and the address of its database; nothing where it is of none."""
    return path.read_text().split() if path.is_file() else []


def _study(connection: Connection, directory: Path, sweep: Sweep, fresh: bool, alone: bool) -> tuple[int, str]:
    """The study's number and token, which its directory holds too."""
    path = directory / "log" / "study"
    here = next(iter(_known(path)), None)
    folder = f"{platform.node()}:{directory.resolve()}"
    named = connection.execute(select(STUDIES).where(STUDIES.c.name == sweep.name)).one_or_none()
    row = connection.execute(select(STUDIES).where(STUDIES.c.token == here)).one_or_none()
    if row is None and named is not None and named.folder == folder and not fresh:
        row = named  # whoever removed what the directory knew of it comes back
    if row is None and named is not None and not fresh:
        raise Problem(
            f"the study {sweep.name!r} in the database is recorded in another folder, {named.folder}: share that folder and"
            " give it as --out, give this sweep another name (--set name=…), or --fresh to begin anew"
        )
    if here is not None and not alone and (row is None or row.token != here):
        raise Problem(f"{directory} is being written by commands with another database: wait until they end, or give theirs")
    if row is not None:
        _check(row.sweep, sweep)
        connection.execute(update(STUDIES).where(STUDIES.c.id == row.id).values(sweep=to_toml(sweep)))
        study, token = row.id, row.token
    else:
        if named is not None:
            renamed = f"{named.name} {named.token}"
            connection.execute(update(STUDIES).where(STUDIES.c.id == named.id).values(name=renamed))
        token = token_hex(4)
        values = {"name": sweep.name, "token": token, "folder": folder, "sweep": to_toml(sweep)}
        study = connection.execute(insert(STUDIES).values(values).returning(STUDIES.c.id)).scalar_one()
    if token != here:
        with writing(directory), placed(path) as temporary:
            temporary.write_text(f"{token} {visible(connection.engine.url)}\n")
    return study, token


def _check(before: str, sweep: Sweep) -> None:
    differing = differences(recorded(before, where="the database"), sweep)
    if differing:
        more = f" (and {len(differing) - 1} more)" if len(differing) > 1 else ""
        raise Problem(
            f"the database holds another sweep named {sweep.name!r}: {differing[0]}{more}; give this one another name"
            " (--set name=…)"
        )
