"""A result directory taken to be written: its lock."""

import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweepgd.problem import Problem


@contextmanager
def exclusively(directory: Path) -> Iterator[None]:
    """Holds a result directory while nobody writes it. Raises Problem where somebody does."""
    (directory / "log").mkdir(exist_ok=True)
    lock = take_lock(directory)
    try:
        yield
    finally:
        os.close(lock)


def take_lock(directory: Path) -> int:
    """The descriptor of the lock file, held until it is closed or this process ends. Raises Problem where it cannot be had."""
    descriptor = os.open(_path(directory), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is_lock_of(directory, descriptor):
            raise Problem(f"{directory} was moved aside by another command meanwhile: give this one again")
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"process {os.getpid()} on {platform.node()}".encode())
    except BlockingIOError:
        holder = os.read(descriptor, 1000).decode() or "another process"
        os.close(descriptor)
        raise Problem(f"{directory} is being written by {holder}: wait until that ends, or stop it") from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def check_held(directory: Path, lock: int) -> None:
    """Raise Problem where a directory no longer has this lock: another one may stand at its path, with a writer of its own."""
    if not _is_lock_of(directory, lock):
        raise Problem(
            f"{directory} was moved, removed or replaced while this command wrote there: what finished is in the log of the"
            " folder that it was; give that folder's name now to go on"
        )


def _is_lock_of(directory: Path, lock: int) -> bool:
    try:
        return os.path.samestat(os.fstat(lock), _path(directory).stat())
    except (FileNotFoundError, NotADirectoryError):
        return False


def _path(directory: Path) -> Path:
    return directory / "log" / "lock"
