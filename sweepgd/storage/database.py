"""The database of a study: its address, and whether it answers."""

from importlib.util import find_spec

from optuna.exceptions import StorageInternalError
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from sweepgd.problem import Problem, UsageProblem

EXAMPLE = "postgresql+psycopg://user@host/database"
# Without these a command would wait for minutes on a connection whose other end is gone without a word.
CONNECT = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "tcp_user_timeout": 15_000}
# A connection that was open when the server went is found out before it is used (optuna#5600).
ENGINE = {"pool_pre_ping": True, "connect_args": CONNECT}


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


def connect(url: URL) -> Engine:
    """The database at an address. Raises Problem where it does not answer, or lets nobody in."""
    engine = create_engine(url, **ENGINE)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except DBAPIError as error:
        shown = url.render_as_string(hide_password=True)
        raise Problem(f"cannot use the database {shown}: {_line(error)}; mend that, or give another --storage") from error
    return engine


def refusal(error: BaseException) -> Problem:
    """What the database, or Optuna's storage in it, would not do."""
    return Problem(f"the database of --storage refused: {_line(error)}")


def _line(error: BaseException) -> str:
    """The line in which the driver says it."""
    inner = error.__cause__ if isinstance(error, StorageInternalError) and error.__cause__ else error
    said = str(inner.orig if isinstance(inner, DBAPIError) else inner)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[0] if lines else type(inner).__name__
