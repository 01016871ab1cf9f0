"""Joining a study: the first command makes it in the database, the others find it there."""

import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from secrets import token_hex

from sqlalchemy import Connection, Engine, insert, select, text, update
from sqlalchemy.engine import URL

from sweepgd.problem import Problem
from sweepgd.record import load
from sweepgd.record.files import placed, writing
from sweepgd.record.schema import footer
from sweepgd.record.store import prepare, take_lock
from sweepgd.storage.advisor import SharedAdvisor
from sweepgd.storage.claims import LEASE_SECONDS, STUDIES, Claims, include, make_tables
from sweepgd.storage.link import Link
from sweepgd.storage.memory import Memory
from sweepgd.storage.shared import Shared
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
    note: Callable[[str], None],
) -> Shared:
    """One command's part in the study of this sweep's name, recorded in a directory that all its commands share.

    `total` trials are claimed at most; `fresh` begins a new study of that name. Raises Problem where the database holds
    another sweep, or another directory's study, under the name, and where a search without a database writes the directory.
    """
    holder = f"{platform.node()}-{os.getpid()}-{token_hex(3)}"
    with writing(directory):
        (directory / "log").mkdir(parents=True, exist_ok=True)
    lock = take_lock(directory, together=True)
    link = None
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            make_tables(connection)
            study, token = _study(connection, directory, sweep, fresh)
            memory = Memory(engine.url, f"{sweep.name} {token}", sweep, len(objectives))
            with writing(directory):
                prepare(directory, to_toml(sweep))
        claims = Claims(engine, study, holder, total)
        link = Link(claims.renew, LEASE_SECONDS / 4, note)
        advisor = SharedAdvisor(sweep, objectives, memory, link)
        return Shared(directory, lock, footer(to_toml(sweep)), claims, memory, link, advisor, note)
    except BaseException:
        if link is not None:
            link.close()
        os.close(lock)
        raise


def _study(connection: Connection, directory: Path, sweep: Sweep, fresh: bool) -> tuple[int, str]:
    """The study's number and token, which its directory holds too."""
    path = directory / "log" / "study"
    here = path.read_text() if path.is_file() else None
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
    if row is not None:
        connection.execute(update(STUDIES).where(STUDIES.c.id == row.id).values(name=f"{row.name} {row.token}"))
    token = token_hex(4)
    folder = f"{platform.node()}:{directory.resolve()}"
    values = {"name": sweep.name, "token": token, "folder": folder, "sweep": to_toml(sweep)}
    study = connection.execute(insert(STUDIES).values(values).returning(STUDIES.c.id)).scalar_one()
    if (directory / "sweep.toml").is_file() and (directory / "trials").is_dir():
        include(connection, study, set(load(directory).trials["trial"].to_pylist()))
    with writing(directory), placed(path) as temporary:
        temporary.write_text(token)
    return study, token


def _check(recorded: str, sweep: Sweep, url: URL) -> None:
    differing = differences(parse(recorded, where="the database"), sweep)
    if differing:
        more = f" (and {len(differing) - 1} more)" if len(differing) > 1 else ""
        raise Problem(
            f"the database holds another sweep named {sweep.name!r}: {differing[0]}{more}; give this one another name"
            " (--set name=…)"
        )
