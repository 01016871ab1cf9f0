"""What is said of a database that cannot be used: one line, before anything runs, and never the password."""

import importlib.util
from itertools import count

import psycopg
import pytest
from commands import call
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.orm import Session
from tiny import sweep, sweep_file

from sweepgd import search
from sweepgd.storage import address, connect
from sweepgd.storage.database import is_away

_roles = count()

EXAMPLE = "postgresql+psycopg://user@host/database"


def refused(monkeypatch, capsys, tmp_path, storage):
    """The exit code and the one line of a search with this address, which has begun nothing."""
    out = tmp_path / "out"
    run = call(monkeypatch, capsys, "search", sweep_file(tmp_path), "--out", str(out), "--storage", storage)
    assert run.err.count("\n") == 1
    assert not (out / "trials").exists()
    assert run.out == ""
    return run.code, run.err.strip()


@pytest.mark.parametrize(
    ("storage", "line"),
    [
        ("results.db", f"sweepgd: --storage is no database address: give one such as {EXAMPLE}"),
        ("sqlite:///study.db", f"sweepgd: --storage sqlite cannot be shared by machines: give {EXAMPLE}"),
        ("mysql://user@host/database", f"sweepgd: --storage mysql cannot be shared by machines: give {EXAMPLE}"),
        (
            "postgresql+asyncpg://user@host/database",
            f"sweepgd: --storage postgresql+asyncpg is not the driver that sweepgd uses: give {EXAMPLE}",
        ),
    ],
)
def test_an_address_of_another_kind_is_a_usage_error(monkeypatch, capsys, tmp_path, storage, line):
    assert refused(monkeypatch, capsys, tmp_path, storage) == (2, line)


def test_psycopg_is_named_where_it_is_missing(monkeypatch, capsys, tmp_path):
    found = importlib.util.find_spec
    monkeypatch.setattr("sweepgd.storage.database.find_spec", lambda name: None if name == "psycopg" else found(name))
    line = "sweepgd: --storage needs the package psycopg: pip install 'sweepgd[postgres]'"
    assert refused(monkeypatch, capsys, tmp_path, "postgresql://user@host/database") == (1, line)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_database_that_does_not_answer(monkeypatch, capsys, tmp_path, host):
    code, line = refused(monkeypatch, capsys, tmp_path, f"postgresql+psycopg://user:secret@{host}:1/database?password=secret")
    assert code == 1
    assert line.startswith(f"sweepgd: cannot use the database postgresql+psycopg://user:***@{host}:1/database: ")
    assert "refused" in line
    assert "secret" not in line
    assert line.endswith("; mend that, or give another --storage")


def test_a_database_that_does_not_exist(monkeypatch, capsys, tmp_path, server):
    code, line = refused(monkeypatch, capsys, tmp_path, server.url("nowhere"))
    assert code == 1
    assert 'database "nowhere" does not exist' in line


def test_a_wrong_password_is_not_shown(monkeypatch, capsys, tmp_path, locked_server):
    code, line = refused(monkeypatch, capsys, tmp_path, locked_server)
    assert code == 1
    assert "password authentication failed" in line
    assert "wrong-secret" not in line


@pytest.fixture
def locked_server(server):
    """The address of the server for a user who gives the wrong password."""
    role = f"locked{next(_roles)}"
    with psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'right-secret'")
    with server.asking_for_passwords(role):
        yield server.url().replace("sweepgd@", f"{role}:wrong-secret@")


def test_a_user_who_may_make_no_tables(monkeypatch, capsys, tmp_path, server, storage):
    role = f"guest{next(_roles)}"
    with psycopg.connect(storage.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    code, line = refused(monkeypatch, capsys, tmp_path, storage.replace("sweepgd@", f"{role}@"))
    assert (code, line) == (1, "sweepgd: the database of --storage refused: permission denied for schema public")


def test_optunas_tables_of_another_version(monkeypatch, capsys, tmp_path, storage):
    search(sweep("search.trials=1", "name='earlier'"), out=tmp_path / "before", storage=storage, workers=1)
    with psycopg.connect(storage.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v3.0.0.d'")
    code, line = refused(monkeypatch, capsys, tmp_path, storage)
    assert code == 1
    assert line.startswith("sweepgd: Optuna's tables in the database have version v3.0.0.d, and the installed Optuna needs v")
    assert line.endswith(f" upgrade --storage {storage}, or pip install -U optuna where it is the older one")


def test_sessions_are_limited_and_take_the_settings_of_the_address(storage):
    """Who is gone in a transaction lets its locks go, and who waits for them says so."""
    engine = connect(address(f"{storage}?options=-c%20search_path%3Dours%20-c%20work_mem%3D1MB"))
    expected = {
        "idle_in_transaction_session_timeout": "10s",
        "lock_timeout": "2s",
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "search_path": "ours",
        "work_mem": "1MB",
    }
    with engine.connect() as connection:
        assert {name: connection.execute(text(f"SHOW {name}")).scalar_one() for name in expected} == expected
    engine.dispose()


def test_a_server_that_goes_in_a_transaction_is_away(storage):
    """Also for Optuna, whose storage says it in words of its own, and then asks anew."""
    engine, errors = create_engine(storage), []
    with Session(engine) as session:
        with engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:it)"), {"it": session.scalar(text("SELECT pg_backend_pid()"))})
        for _ in range(2):
            with pytest.raises(SQLAlchemyError) as raised:
                session.connection().execute(text("SELECT 1"))
            errors.append(raised.value)
    engine.dispose()
    assert [type(error) for error in errors] == [OperationalError, PendingRollbackError]
    assert all(map(is_away, errors))
