"""A PostgreSQL of the tests' own, on a loopback port and in a temporary folder."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from waiting import NEVER_SECONDS

_names = count()


class Server:
    """A server that can be stopped, killed and started again, its data kept."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries, self._folder = binaries, folder
        self._user = "nobody" if os.geteuid() == 0 else None  # initdb refuses root
        if self._user is not None:
            shutil.chown(folder, self._user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._call("initdb", "-D", "data", "-U", "sweepgd", "-A", "trust", "-E", "UTF8", "--no-sync")

    def _call(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._binaries / program, *arguments],
            cwd=self._folder,
            user=self._user,
            extra_groups=None if self._user is None else [],
            stdout=subprocess.DEVNULL,  # which the server inherits
            stderr=subprocess.DEVNULL,
            timeout=NEVER_SECONDS,
            check=True,
        )

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder} -c fsync=off"
        self._call("pg_ctl", "start", "-w", "-t", "600", "-D", "data", "-l", "log", "-o", options)

    def stop(self, mode: str = "fast") -> None:
        self._call("pg_ctl", "stop", "-w", "-t", "600", "-D", "data", "-m", mode)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """It is gone."""
        self.stop("immediate")
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """It is there, and answers nothing."""
        postmaster = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGSTOP)  # it starts no more processes
        children = (Path("/proc") / str(postmaster) / "task" / str(postmaster) / "children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGSTOP)
        try:
            yield
        finally:
            for process in (*map(int, children), postmaster):
                os.kill(process, signal.SIGCONT)

    @contextmanager
    def asking_for_passwords(self, role: str) -> Iterator[None]:
        """Lets a role in with its password only; all others need none."""
        rules = self._folder / "data" / "pg_hba.conf"
        before = rules.read_text()
        rules.write_text(f"host all {role} 127.0.0.1/32 scram-sha-256\n{before}")
        self._call("pg_ctl", "reload", "-D", "data")
        try:
            yield
        finally:
            rules.write_text(before)
            self._call("pg_ctl", "reload", "-D", "data")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://sweepgd@127.0.0.1:{self.port}/{database}"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    found = shutil.which("initdb") or next(map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))[-1:]), None)
    if found is None:
        pytest.skip("PostgreSQL is not installed: neither initdb on the PATH nor /usr/lib/postgresql/*/bin")
    # Not below pytest's own folder, which only its owner may enter.
    folder = Path(subprocess.check_output(["mktemp", "-d", "/tmp/sweepgd-postgres-XXXXXX"], text=True).strip())
    folder.chmod(0o755)
    try:
        server = Server(Path(found).parent, folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def storage(server: Server) -> str:
    """A database of a test's own."""
    import psycopg

    name = f"test{next(_names)}"
    with psycopg.connect(f"postgresql://sweepgd@127.0.0.1:{server.port}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.url(name)


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    """A database that is only slow, as on a busy machine, is waited for also by who ends early; one that is gone is not."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("HURRY_SECONDS", "HURRY_PATIENCE", "CLOSE_SECONDS"):
            patch.setattr(f"sweepgd.storage.shared.{name}", NEVER_SECONDS)
        yield
