"""The disk of a result directory: check that it can be written, and return its free space."""

import errno
import shutil
from pathlib import Path
from tempfile import TemporaryFile

from sweepgd.core.errors import SweepgdError

# Kept free in addition to the size of the next parts: for a flush of 0.1 s, footers, and blocks of the file system.
RESERVE_BYTES = 2**20


def free_bytes(folder: Path) -> int:
    """Return the free bytes on the disk of a folder, which need not exist yet."""
    return shutil.disk_usage(_existing(folder)).free


def check_writable(folder: Path) -> None:
    """Raise SweepgdError if a folder, which need not exist yet, cannot be written.

    A quick check before slow work; opening the folder later finds all other errors.
    """
    existing = _existing(folder)
    for path in (folder, *folder.parents):
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
    """Return the folder or its nearest existing parent. Raises SweepgdError if that cannot be found, as for too long a name."""
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
