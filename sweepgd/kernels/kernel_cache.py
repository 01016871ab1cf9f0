"""The cache of compiled kernels on disk, with protection against damaged files and files of other users.

Numba unpickles the files of its cache and runs their machine code. A file that a power cut left empty would raise an exception,
zeros in the machine code would crash the process, and a file from another user could run any code. Therefore each kernel is an
entry of `sweepgd.core.disk_cache`. An entry is complete when it appears, is checked by a digest, and can be written only by the
user.
"""

import fcntl
import hashlib
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import Any

import numba
import platformdirs

from sweepgd.core import disk_cache

config: Any = numba.config  # type checkers do not know the attributes, which are made at run time

# One file for all entries of a folder. Each entry locks one byte of it.
LOCK_FILE = ".lock"
NOT_PRIVATE = "belongs to another user or is writable by others, who could put code there"


@cache
def root() -> Path | None:
    """Return the folder of the cache. If the configured folder cannot be used, warn and return a temporary folder that only the
    user can write.

    Return None if no folder can be used.
    """
    configured = Path(config.CACHE_DIR or platformdirs.user_cache_path("sweepgd") / "kernels")
    problem = _problem(configured)
    if problem is None:
        return configured.resolve()
    temporary = Path(gettempdir()) / f"sweepgd-kernels-{os.getuid()}"
    used = temporary if _problem(temporary) is None and not temporary.is_symlink() else None
    consequence = f"compiled kernels go to {used}" if used else "every process compiles all kernels again"
    warnings.warn(
        f"{configured} {problem}, so {consequence}: set NUMBA_CACHE_DIR to a permanent folder of your own", stacklevel=2
    )
    return used


def load_or_compile(folder: Path | None, compile_: Callable[[Path | None], Any]) -> Any:
    """Return the kernel that `compile_(cache_folder)` returns. `compile_` loads the code from this folder, or saves the code
    there.

    `cache_folder` is `folder` if `folder` is a complete entry. Otherwise `cache_folder` is a new folder that is later renamed
    to `folder`, or None if nothing can be saved.
    """
    if folder is None or disk_cache.is_whole(folder):
        return compile_(folder)
    with _locked(folder):
        if disk_cache.is_whole(folder):  # another process has compiled the kernel meanwhile
            return compile_(folder)
        kernels: list[Any] = []
        disk_cache.store_folder(folder, lambda empty: kernels.append(compile_(empty)))
    return kernels[0] if kernels else compile_(None)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of an entry. If several processes need a kernel, one of them compiles it, and the others wait and load it.

    The end of a process releases its locks. On a file system without locks, each process compiles the kernel.
    """
    lock = None
    with suppress(OSError):
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder.parent / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.lockf(lock, fcntl.LOCK_EX, 1, int(hashlib.sha256(folder.name.encode()).hexdigest()[:12], 16))
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


def _problem(folder: Path) -> str | None:
    """Return the reason why a folder cannot be the cache, in words that follow the folder's name, or None. A missing folder is
    made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        TemporaryFile(dir=folder).close()
        return None if disk_cache.is_private(folder) else NOT_PRIVATE
    except OSError as error:
        return f"cannot be written ({error.strerror})"
