"""Temporary folders that do not outlive their process for long, be it killed: each is held locked, and the next process removes
those that nobody holds."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "sweepgd-data-"
# An empty file that tells folders which sweepgd holds from those that other programs have named in the same way.
MARK = "of-sweepgd"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder for this process, removed afterwards; those of processes that were killed are removed before."""
    remove_deserted()
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = hold(folder)
        if folder.exists():  # another process may have found it before it was locked
            break
        os.close(lock)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def hold(folder: Path) -> int:
    """Lock a folder for as long as the returned descriptor is open, or this process lives."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def mark(folder: Path) -> None:
    """Hold a folder that another library has named while this process lives: if that is killed, the next one removes it."""
    hold(folder)
    (folder / MARK).touch()


def remove_deserted() -> None:
    """Remove this user's folders that no living process holds.

    Whatever else has such a name in a shared temporary folder is passed over, such as a FIFO, at which an open would wait.
    """
    temporary = Path(tempfile.gettempdir())
    for folder in (*temporary.glob(f"{PREFIX}*"), *(path.parent for path in temporary.glob(f"pymp-*/{MARK}"))):
        with suppress(OSError):  # no folder, another user's, held, or gone by now
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(lock).st_uid == os.getuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
            finally:
                os.close(lock)
