"""The database of a study: its address, and whether it answers."""

from importlib.util import find_spec
from typing import Any

from optuna.exceptions import StorageInternalError
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, PendingRollbackError

from sweepgd.problem import Problem, UsageProblem

EXAMPLE = "postgresql+psycopg://user@host/database"
# Without these a command would wait for minutes on a connection whose other end is gone without a word.
_CONNECT = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "tcp_user_timeout": 15_000}
# What the server ends: a transaction whose client is gone or stopped, which would keep its locks, and a wait for such a lock.
_LIMITS = (
    "-c idle_in_transaction_session_timeout=10s -c lock_timeout=2s"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)
# A connection that was open when the server went is found out before it is used (optuna#5600).
_ENGINE = {"pool_pre_ping": True}
_SECRETS = ("password", "passfile", "sslpassword")
# What the server says to who is not let in, or asks for a database that is not there: SQLSTATE 28000, 28P01 and 3D000, which
# libpq does not tell of a connection that failed. In another language than this it is taken for a database that is away.
_REFUSED = ("does not exist", "authentication failed", "no pg_hba.conf entry", "not permitted to log in", "permission denied")


def address(url: str) -> URL:
    """A storage address, checked without a connection. Raises UsageProblem, and Problem where psycopg is missing."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UsageProblem(f"--storage is no database address: give one such as {EXAMPLE}") from None
    if parsed.get_backend_name() != "postgresql":
        raise UsageProblem(f"--storage {parsed.get_backend_name()} cannot be shared by machines: give {EXAMPLE}")
    if "+" in parsed.drivername and parsed.get_driver_name() != "psycopg":
        raise UsageProblem(f"--storage {parsed.drivername} is not the driver that sweepgd uses: give {EXAMPLE}")
    if find_spec("psycopg") is None:
        raise Problem("--storage needs the package psycopg: pip install 'sweepgd[postgres]'")
    return parsed.set(drivername="postgresql+psycopg")


def visible(url: URL) -> str:
    """An address without what is secret in it, for everybody to see."""
    return url.difference_update_query(_SECRETS).render_as_string(hide_password=True)


def options(url: URL, *more: str) -> dict[str, Any]:
    """What an engine for this address is made with, and sessions of it with `more` settings; those of the address come last."""
    given = url.query.get("options", ())
    every = [_LIMITS, *more, *((given,) if isinstance(given, str) else given)]
    return {**_ENGINE, "connect_args": {**_CONNECT, "options": " ".join(every)}}


def connect(url: URL) -> Engine:
    """The database at an address. Raises Problem where it does not answer, or lets nobody in."""
    engine = create_engine(url, **options(url))
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except DBAPIError as error:
        raise Problem(f"cannot use the database {visible(url)}: {line(error)}; mend that, or give another --storage") from error
    return engine


def is_away(error: BaseException) -> bool:
    """Whether an error says that the database is not there, and not that it refuses, or that what it was asked is wrong."""
    if isinstance(error, StorageInternalError):
        return error.__cause__ is not None and is_away(error.__cause__)
    if isinstance(error, PendingRollbackError):
        return True  # its connection has gone in a transaction, which Optuna ends as it says so
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    return isinstance(error, OperationalError | InterfaceError) and not any(said in line(error) for said in _REFUSED)


def refusal(error: BaseException) -> Problem:
    """What the database, or Optuna's storage in it, would not do."""
    if is_away(error):
        return Problem(f"the database of --storage went away: {line(error)}; the same command goes on once it is back")
    return Problem(f"the database of --storage refused: {line(error)}")


def line(error: BaseException) -> str:
    """The line in which the driver says it."""
    inner = error.__cause__ if isinstance(error, StorageInternalError) and error.__cause__ else error
    said = str(inner.orig if isinstance(inner, DBAPIError) else inner)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[0] if lines else type(inner).__name__
