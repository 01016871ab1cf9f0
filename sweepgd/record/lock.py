"""The lock of a results directory. Only one process at a time may write to the directory."""

import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweepgd.core.errors import SweepgdError


@contextmanager
def exclusively(directory: Path) -> Iterator[None]:
    """Hold the lock of a results directory within the context. Raises SweepgdError if another process is writing to the
    directory.
    """
    (directory / "log").mkdir(exist_ok=True)
    lock = take_lock(directory)
    try:
        yield
    finally:
        os.close(lock)


def take_lock(directory: Path) -> int:
    """Lock a directory and return the descriptor of its lock file. The lock is released when the descriptor is closed or the
    process ends.

    Raises SweepgdError if another process holds the lock.
    """
    descriptor = os.open(_path(directory), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_lock_of(directory, descriptor):
            raise SweepgdError(f"{directory} was moved by another command meanwhile: run this command again")
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {platform.node()}".encode())
    except BlockingIOError:
        holder = os.read(descriptor, 1000).decode() or "another process"
        os.close(descriptor)
        raise SweepgdError(f"{directory} is being written by {holder}: wait until this process ends, or stop it") from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def check_held(directory: Path, lock: int) -> None:
    """Raise SweepgdError if `lock` no longer belongs to the directory. Another directory may now be at the path."""
    if not _is_lock_of(directory, lock):
        raise SweepgdError(
            f"{directory} was moved, removed or replaced while this command wrote to it: finished results are in the log of "
            "the moved folder; to continue, run the command with the folder's new name"
        )


def _is_lock_of(directory: Path, lock: int) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), _path(directory).stat())
    except (FileNotFoundError, NotADirectoryError):
        return False


def _path(directory: Path) -> Path:
    return directory / "log" / "lock"
