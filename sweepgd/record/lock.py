"""The lock of a results directory. Only one process at a time may write to the directory."""

import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

from sweepgd.core.errors import SweepgdError

# The last line of the lock file, if its last holder has ended as intended.
RELEASED = "released"
# A time in seconds that is longer than `is_held` keeps the lock.
PROBE_SECONDS = 0.02


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
        release(lock)


def take_lock(directory: Path) -> int:
    """Lock a directory and return the descriptor of its lock file. `release` releases the lock, and so does the end of the
    process.

    Raises SweepgdError if another process holds the lock.
    """
    descriptor = os.open(lock_path(directory), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _lock(descriptor)
        if not _is_lock_of(directory, descriptor):
            raise SweepgdError(f"{directory} was moved by another command meanwhile: run this command again")
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {platform.node()}".encode())
    except BlockingIOError:
        holder = os.read(descriptor, 1000).decode().partition("\n")[0] or "another process"
        os.close(descriptor)
        raise SweepgdError(f"{directory} is being written by {holder}: wait until this process ends, or stop it") from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _lock(descriptor: int) -> None:
    """Lock a file. Raise BlockingIOError if another process holds the lock for more than a moment."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sleep(PROBE_SECONDS)  # the holder may be a reader in `is_held`
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def release(lock: int) -> None:
    """Release a lock, and write to the lock file that the lock was released. A killed process does not write this."""
    with suppress(OSError):  # a full disk
        os.write(lock, f"\n{RELEASED}".encode())
    os.close(lock)


def is_held(directory: Path) -> bool | None:
    """Return True if a process is writing to a results directory, or None if the directory's file system has no locks."""
    try:
        descriptor = os.open(lock_path(directory), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    except OSError:
        return None
    finally:
        os.close(descriptor)


def check_held(directory: Path, lock: int) -> None:
    """Raise SweepgdError if `lock` no longer belongs to the directory. Another directory may now be at the path."""
    if not _is_lock_of(directory, lock):
        raise SweepgdError(
            f"{directory} was moved, removed or replaced while this command wrote to it: finished results are in the log of "
            "the moved folder; to continue, run the command with the folder's new name"
        )


def _is_lock_of(directory: Path, lock: int) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), lock_path(directory).stat())
    except (FileNotFoundError, NotADirectoryError):
        return False


def lock_path(directory: Path) -> Path:
    """Return the lock file of a results directory."""
    return directory / "log" / "lock"
