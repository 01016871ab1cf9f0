"""Write files atomically. After a crash at any moment, a file is complete or absent."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote

from sweepgd.core.errors import SweepgdError


class NoRoom(SweepgdError):
    """Raised when a disk or a quota is full. The write can be tried again once there is space."""


# The remedy for each error number of the operating system.
_REMEDIES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "free some space there"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "make it writable"),
    errno.EIO: "check its disk",
}


def to_repair(path: Path) -> str:
    """Return the end of a message, which says how to continue without a damaged file of a results directory."""
    directory = next((folder for folder in path.parents if (folder / "sweep.toml").exists()), path.parent.parent)
    return f"to set it aside and continue: sweepgd verify {quote(str(directory))} --repair"


@contextmanager
def naming_file(path: Path, *, instead: bool = False) -> Iterator[None]:
    """Add the name of the file `path` to an OSError that does not name a file, such as an error of `write` or `fsync`. With
    `instead`, every OSError gets the name of `path`.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None or instead:
            error.filename, error.filename2 = str(path), None
        raise


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder durable. Without this fsync, a power cut may undo renames and removals."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with naming_file(folder):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def atomic_replacement(path: Path) -> Iterator[Path]:
    """Yield a temporary file in the folder of `path`. When the context ends, make the file durable and rename it to `path`.

    The temporary name starts with a dot and does not end in the suffix of `path`, so that no reader's glob finds the file. If
    the folder is moved meanwhile, the file is renamed in the moved folder.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with naming_file(path):
            yield temporary
        with naming_file(path, instead=True):
            _replace(folder, temporary.name, path.name)
    finally:
        try:
            with naming_file(path, instead=True), suppress(FileNotFoundError):
                os.unlink(temporary.name, dir_fd=folder)
        finally:
            os.close(folder)


def _replace(folder: int, temporary: str, name: str) -> None:
    """Make a file in an open folder durable, and rename the file."""
    written = os.open(temporary, os.O_RDONLY, dir_fd=folder)
    try:
        os.fsync(written)
    finally:
        os.close(written)
    os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Convert an OSError raised while writing below `path` into a SweepgdError, or NoRoom if the disk is full."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        kind = NoRoom if error.errno in (errno.ENOSPC, errno.EDQUOT) else SweepgdError
        remedy = _REMEDIES.get(error.errno or 0, "fix that")
        raise kind(f"cannot write {where}: {error.strerror or error}; {remedy}, or choose another --out") from error
