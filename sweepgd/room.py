"""The disk that a study is recorded on: whether it can be written to, and how much room is there."""

import errno
import shutil
from pathlib import Path
from tempfile import TemporaryFile

from sweepgd.problem import Problem

# Kept free beside what the next parts take: a flush of 0.1 s, footers, and the file system's own blocks.
RESERVE_BYTES = 2**20


def free_bytes(folder: Path) -> int:
    """What may still be written below a folder, which need not be there yet."""
    return shutil.disk_usage(_existing(folder)).free


def check_writable(folder: Path) -> None:
    """Raises Problem where nothing may be written below a folder, which need not be there yet.

    For before all that takes seconds; whatever else is in the way is found, and told, when the folder is opened.
    """
    existing = _existing(folder)
    for each in (folder, *folder.parents):
        if each.is_symlink() and not each.exists():
            raise Problem(f"{each} is a link to {each.readlink()}, and nothing is there: make it, or give another --out")
    try:
        TemporaryFile(dir=existing).close()
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise Problem(f"cannot write {existing}: {error.strerror}; make it writable, or give another folder") from error


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there. Raises Problem where none can be, as its name is too long."""
    try:
        return next(each for each in (folder, *folder.absolute().parents) if each.exists())
    except OSError as error:
        raise Problem(f"cannot write {folder}: {error.strerror}; give another folder") from error


def in_words(size: int) -> str:
    """A number of bytes as people read it: "1.5 MB"."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size >= scale:
            return f"{size / scale:.3g} {unit}"
    return f"{size / 1e3:.3g} kB"
