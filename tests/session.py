"""The processes of a command started in a session of its own, as Linux lists them."""

from pathlib import Path
from typing import NamedTuple

from waiting import wait_until


class Process(NamedTuple):
    pid: int
    parent: int
    state: str
    session: int


def alive(session: int) -> list[Process]:
    """Those that run; one that has ended and waits to be noticed by init does not."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, _, its_session = path.read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        found.append(Process(int(path.parent.name), int(parent), state, int(its_session)))
    return [process for process in found if process.session == session and process.state != "Z"]


def workers(command: int) -> list[int]:
    """The workers of a search: what its fork server has forked."""
    processes = alive(command)
    servers = {process.pid for process in processes if process.parent == command}
    return [process.pid for process in processes if process.parent in servers]


def wait_until_gone(session: int) -> None:
    """Waits until nothing of a session runs."""
    wait_until(lambda: not alive(session))
