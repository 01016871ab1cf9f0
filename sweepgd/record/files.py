"""Files that are whole or absent, whatever happens while they are written."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shlex import quote

from sweepgd.problem import Problem


class NoRoom(Problem):
    """A disk or a quota that is full. What could not be written can be written again once there is room."""


# What is needed, by what the operating system says.
_REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "free some space there"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "make it writable"),
    errno.EIO: "check its disk",
}


def to_repair(path: Path) -> str:
    """How to go on where a file of a result directory is damaged."""
    directory = next((folder for folder in path.parents if (folder / "sweep.toml").exists()), path.parent.parent)
    return f"to go on with the others: sweepgd verify {quote(str(directory))} --repair"


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Gives an OSError that has no file's name, as those of a write and an fsync, this one."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable: a rename or a removal survives a power cut only after this."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with naming(folder):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def placed(path: Path) -> Iterator[Path]:
    """A temporary sibling to write; leaving the block makes it durable and gives it its name.

    Its own name starts with a dot and does not end in the suffix, so that no reader's glob finds it.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with naming(path):
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(temporary, path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns the operating system's refusal to write below `path` into a Problem."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        kind = NoRoom if error.errno in (errno.ENOSPC, errno.EDQUOT) else Problem
        remedy = _REMEDIES.get(error.errno or 0, "mend that")
        raise kind(f"cannot write {where}: {error.strerror or error}; {remedy}, or give another --out") from error
