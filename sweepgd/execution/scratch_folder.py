"""Temporary folders that are removed even if their process is killed. A process locks its folder, and the next process removes
all folders without a lock.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "sweepgd-data-"
# An empty file that marks a folder of sweepgd, because other programs may use the same folder names.
MARK = "of-sweepgd"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield an empty folder that is removed when the context ends. Folders of killed processes are removed first."""
    remove_deserted()
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        # Another process may remove the new folder before this process has opened or locked the folder.
        try:
            lock = hold(folder)
        except FileNotFoundError:
            continue
        if folder.exists():
            break
        os.close(lock)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def hold(folder: Path) -> int:
    """Lock a folder and return the descriptor. The lock ends when the descriptor is closed or the process ends."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def mark(folder: Path) -> None:
    """Lock a folder of another library until this process ends. If this process is killed, the next process of sweepgd removes
    the folder.
    """
    hold(folder)
    (folder / MARK).touch()


def remove_deserted() -> None:
    """Remove this user's folders that no running process has locked.

    Entries that have such names but are not folders are skipped. For example, opening a FIFO would block.
    """
    temporary = Path(tempfile.gettempdir())
    for folder in (*temporary.glob(f"{PREFIX}*"), *(path.parent for path in temporary.glob(f"pymp-*/{MARK}"))):
        with suppress(OSError):  # not a folder, owned by another user, locked, or already removed
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(lock).st_uid == os.getuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder)
            finally:
                os.close(lock)
