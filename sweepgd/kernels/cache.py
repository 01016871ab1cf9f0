"""The cache of compiled kernels on disk: where it is, and that nothing damaged or foreign is ever loaded from it.

Numba unpickles what its cache holds and runs it. A file that a power cut has emptied would end the process with an exception,
one with zeros in its machine code with a crash, and one that somebody else wrote would do what they like. So each kernel has a
folder of its own, an entry as `sweepgd.kept` makes them: renamed into place whole, sealed, and the user's own.
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

from sweepgd import kept

config: Any = numba.config  # its attributes are made at run time

FOREIGN = "belongs to another user or may be written by others, who could put code there"


@cache
def root() -> Path | None:
    """Where compiled code is kept: in the user's cache, or, with a warning, in a temporary folder of the user's own."""
    asked = Path(config.CACHE_DIR or platformdirs.user_cache_path("sweepgd") / "kernels")
    refused = _refusal(asked)
    if refused is None:
        return asked.resolve()
    own = Path(gettempdir()) / f"sweepgd-kernels-{os.getuid()}"
    used = own if _refusal(own) is None and not own.is_symlink() else None
    instead = f"compiled kernels go to {used}" if used else "kernels are compiled anew by every process"
    warnings.warn(f"{asked} {refused}, so {instead}: set NUMBA_CACHE_DIR to a folder of your own that lasts", stacklevel=2)
    return used


def through(folder: Path | None, compile_: Callable[[Path | None], Any]) -> Any:
    """The kernel that `compile_` makes, which reads its code from the folder that it is given, or else leaves it there.

    It is given `folder` where that is whole, and one to be put in its place where not; None where nothing can be kept.
    """
    if folder is None or kept.is_whole(folder):
        return compile_(folder)
    made: list[Any] = []
    kept.place(folder, lambda empty: made.append(compile_(empty)))
    return made[0] if made else compile_(None)


def _refusal(folder: Path) -> str | None:
    """Why a folder, which is made where it is not there, cannot be the cache, in words that follow its name; or None."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        TemporaryFile(dir=folder).close()
        return None if kept.is_private(folder) else FOREIGN
    except OSError as error:
        return f"cannot be written ({error.strerror})"
