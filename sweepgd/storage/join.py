"""Joining a study: the first command makes it in the database, the others find it there."""

import os
import platform
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex
from shlex import quote

from sqlalchemy import Connection, Engine, insert, select, text, update
from sqlalchemy.engine import URL

from sweepgd.problem import Problem
from sweepgd.record import load
from sweepgd.record.files import placed, writing
from sweepgd.record.lock import prepare, take_lock_together
from sweepgd.record.schema import footer
from sweepgd.storage.advisor import SharedAdvisor
from sweepgd.storage.claims import LEASE_SECONDS, STUDIES, Claims, make_tables, reconcile
from sweepgd.storage.link import Link, refusals
from sweepgd.storage.memory import Memory
from sweepgd.storage.shared import Shared
from sweepgd.storage.writer import holders
from sweepgd.sweep import Sweep, differences, parse, to_toml

# Any number that no other program locks by: two commands that begin at once would both make the tables.
LOCK = 0x5EE96D


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
    with ExitStack() as undo, refusals():
        undo.callback(engine.dispose)
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            with writing(directory):
                (directory / "log").mkdir(parents=True, exist_ok=True)
                lock, alone = take_lock_together(directory)
            undo.callback(os.close, lock)
            check()
            make_tables(connection)
            study, token = _study(connection, directory, sweep, fresh, alone)
            memory = Memory(engine.url, f"{sweep.name} {token}", sweep, len(objectives))
            undo.callback(memory.close)
            with writing(directory):
                prepare(directory, to_toml(sweep))
            if alone:
                shown = set(load(directory).trials["trial"].to_pylist())
                reconcile(connection, study, shown, holders(directory))
        claims = Claims(engine, study, holder, total)
        link = Link(claims.renew, LEASE_SECONDS / 4, note)
        undo.callback(link.close)
        advisor = SharedAdvisor(sweep, objectives, memory, link)
        shared = Shared(directory, lock, footer(to_toml(sweep)), claims, memory, link, advisor, note)
        undo.pop_all()
        return shared


def check_alone(directory: Path) -> None:
    """Raises Problem where a database divides the trials of a directory: a search without it would run them again."""
    path = directory / "log" / "study"
    if path.is_file():
        address = path.read_text().split()[1]
        raise Problem(
            f"the trials of {directory} are divided by a database: give --storage, here {address}; to go on without it"
            f" for good, once no command uses it: rm {quote(str(path))}"
        )


def _study(connection: Connection, directory: Path, sweep: Sweep, fresh: bool, alone: bool) -> tuple[int, str]:
    """The study's number and token, which its directory holds too."""
    path = directory / "log" / "study"
    here = path.read_text().split()[0] if path.is_file() else None
    row = connection.execute(select(STUDIES).where(STUDIES.c.name == sweep.name)).one_or_none()
    if row is not None and row.token == here:
        _check(row.sweep, sweep, connection.engine.url)
        connection.execute(update(STUDIES).where(STUDIES.c.id == row.id).values(sweep=to_toml(sweep)))
        return row.id, row.token
    if row is not None and not fresh:
        raise Problem(
            f"the study {sweep.name!r} in the database is recorded in another folder, {row.folder}: share that folder and give"
            " it as --out, give this sweep another name (--set name=…), or --fresh to begin anew"
        )
    if here is not None and not alone:
        raise Problem(f"{directory} is being written by commands with another database: wait until they end, or give theirs")
    if row is not None:
        connection.execute(update(STUDIES).where(STUDIES.c.id == row.id).values(name=f"{row.name} {row.token}"))
    token = token_hex(4)
    folder = f"{platform.node()}:{directory.resolve()}"
    values = {"name": sweep.name, "token": token, "folder": folder, "sweep": to_toml(sweep)}
    study = connection.execute(insert(STUDIES).values(values).returning(STUDIES.c.id)).scalar_one()
    with writing(directory), placed(path) as temporary:
        temporary.write_text(f"{token} {connection.engine.url.set(password=None).render_as_string()}\n")
    return study, token


def _check(recorded: str, sweep: Sweep, url: URL) -> None:
    differing = differences(parse(recorded, where="the database"), sweep)
    if differing:
        more = f" (and {len(differing) - 1} more)" if len(differing) > 1 else ""
        raise Problem(
            f"the database holds another sweep named {sweep.name!r}: {differing[0]}{more}; give this one another name"
            " (--set name=…)"
        )
