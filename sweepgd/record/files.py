"""Files that are whole or absent, whatever happens while they are written."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
def naming(path: Path, *, instead: bool = False) -> Iterator[None]:
    """Gives an OSError that has no file's name, as those of a write and an fsync, this one; or any, instead of its own."""
    try:
        yield
    except OSError as error:
        if error.filename is None or instead:
            error.filename, error.filename2 = str(path), None
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

    Its own name starts with a dot and does not end in the suffix, so that no reader's glob finds it. Everything happens in the
    folder that was at the path when the block was entered, also where another folder has taken its place meanwhile.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with naming(path):
            yield temporary
        with naming(path, instead=True):
            _place(folder, temporary.name, path.name)
    finally:
        try:
            with naming(path, instead=True), suppress(FileNotFoundError):
                os.unlink(temporary.name, dir_fd=folder)
        finally:
            os.close(folder)


def _place(folder: int, temporary: str, name: str) -> None:
    """Makes a file of an open folder durable, and gives it its name there."""
    written = os.open(temporary, os.O_RDONLY, dir_fd=folder)
    try:
        os.fsync(written)
    finally:
        os.close(written)
    os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)


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
