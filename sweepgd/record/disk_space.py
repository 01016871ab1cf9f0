"""Check that the disk of a results directory can be written, and return the free space of the disk."""

import errno
import shutil
from pathlib import Path
from tempfile import TemporaryFile

from sweepgd.core.errors import SweepgdError

# Bytes to keep free in addition to the size of the next parts. A flush of 0.1 s, footers and file-system blocks need this
# space.
RESERVE_BYTES = 2**20


def free_bytes(folder: Path) -> int:
    """Return the number of free bytes on the disk of a folder. The folder need not exist yet."""
    return shutil.disk_usage(_existing(folder)).free


def check_writable(folder: Path) -> None:
    """Raise SweepgdError if a folder cannot be written.

    The folder need not exist yet. This check is quick and runs before slow work. All other errors show when the folder is
    opened later.
    """
    existing = _existing(folder)
    for path in (folder, *folder.parents):
        if path.exists() and not path.is_dir():
            raise SweepgdError(f"cannot write {folder}: {path} is a file, not a folder; choose another folder")
        if path.is_symlink() and not path.exists():
            raise SweepgdError(
                f"{path} is a link to {path.readlink()}, which does not exist: create it, or choose another --out"
            )
    try:
        TemporaryFile(dir=existing).close()
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise SweepgdError(
                f"cannot write {existing}: {error.strerror}; make it writable, or choose another folder"
            ) from error


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest parent folder that exists. Raises SweepgdError if no such folder is found, for example
    because the name is too long.
    """
    try:
        return next(path for path in (folder, *folder.absolute().parents) if path.exists())
    except OSError as error:
        raise SweepgdError(f"cannot write {folder}: {error.strerror}; choose another folder") from error


def in_words(size: int) -> str:
    """Return a number of bytes as text, for example "1.5 MB"."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:.3g} {unit}"
    return f"{size / 1e3:.3g} kB"
