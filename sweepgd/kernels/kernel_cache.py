"""The cache of compiled kernels on disk, with protection against damaged files and files of other users.

Numba unpickles the files of its cache and runs them. A file that was emptied by a power cut would raise an exception, zeros in
its machine code would crash the process, and a file from another user could run any code. Each kernel therefore has its own
entry of `sweepgd.core.disk_cache`, which is complete when it appears, is checked by a digest, and can be written only by the
user.
"""

import os
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import Any

import numba
import platformdirs

from sweepgd.core import disk_cache

config: Any = numba.config  # the attributes of the module are made at run time

NOT_PRIVATE = "belongs to another user or is writable by others, who could put code there"


@cache
def root() -> Path | None:
    """Return the folder of the cache: the configured folder, or, after a warning, a temporary folder that only the user can
    write.

    Return None if neither can be used.
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
    """Return the kernel of `compile_(cache_folder)`, which loads its code from that folder or saves it there.

    `cache_folder` is `folder` if that is a complete entry. Otherwise it is a new folder, which is then renamed to `folder`, or
    None if nothing can be saved.
    """
    if folder is None or disk_cache.is_whole(folder):
        return compile_(folder)
    kernels: list[Any] = []
    disk_cache.store_folder(folder, lambda empty: kernels.append(compile_(empty)))
    return kernels[0] if kernels else compile_(None)


def _problem(folder: Path) -> str | None:
    """Return the reason why a folder cannot be the cache, in words that follow its name, or None. The folder is made if it does
    not exist.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        TemporaryFile(dir=folder).close()
        return None if disk_cache.is_private(folder) else NOT_PRIVATE
    except OSError as error:
        return f"cannot be written ({error.strerror})"
