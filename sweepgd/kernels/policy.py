"""How every kernel is compiled: one set of flags, one cache, one door.

Kernels are plain Python functions until `compiled` is called with an explicit signature, so that they can be read, tested
and run without Numba (NUMBA_DISABLE_JIT=1), and so that a kernel passed to another crosses as a typed function pointer:
a new optimizer or model never makes the trainer compile again.
"""

import hashlib
import os
import stat
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from inspect import getfile
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from typing import Any, cast

import numba
import platformdirs

from sweepgd.interrupts import asking
from sweepgd.kernels import target
from sweepgd.kernels.fingerprints import fingerprint

config: Any = numba.config  # its attributes are made at run time

# Vectorizes like fastmath=True, but leaves out "nnan" and "ninf": with those, compiled isfinite(nan) is true.
FAST_MATH = {"reassoc", "nsz", "arcp", "contract", "afn"}
FLAGS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": FAST_MATH}


def helper(function: Callable) -> Callable:
    """Decorates a function that kernels call; it is compiled into each of its callers."""
    return numba.njit(**FLAGS)(function)


def compiled(function: Callable, signature: Any) -> Callable:
    """`function` compiled for `signature`, from the cache on disk where an earlier process left it; as it is with JIT off.

    Raises KeyboardInterrupt once it is compiled where somebody has asked to stop: raised while LLVM calls back into Python,
    ctypes would print it and go on.
    """
    if config.DISABLE_JIT:
        return function
    folder = _cache_folder(function)
    with asking() as stop, _cache_directory(folder):
        kernel = numba.njit(signature, cache=folder is not None, **FLAGS)(function)
    if folder is not None and folder.is_dir():
        with suppress(OSError):
            cast(Path, _marker(function, signature)).touch()
    if stop:
        raise KeyboardInterrupt
    return kernel


def entry(kernel: Any) -> Callable:
    """A compiled kernel without Numba's look at the types of its arguments, which must be exactly the signature's.

    Measured: 14 µs instead of 30 for the trainer's 22 arguments, as much as a small epoch takes.
    """
    if config.DISABLE_JIT:
        return kernel
    (result,) = kernel.overloads.values()
    return result.entry_point


def _cache_folder(function: Callable) -> Path | None:
    """The folder for this kernel's compiled code, or None: its sources are unknown, or, with a warning, none can be written."""
    root, made_from = _cache_root(), fingerprint(function)
    return root / made_from if root and made_from else None


def is_compiled(function: Callable, signature: Any) -> bool:
    """Whether an earlier process left this kernel in the cache, so that users may be told of the wait where none did."""
    marker = _marker(function, signature)
    return marker is not None and marker.exists()


def _marker(function: Callable, signature: Any) -> Path | None:
    """An empty file beside the cached code: Numba's own index does not tell its signatures without being loaded.

    Its name holds what else Numba looks at before it takes code from its cache: the versions, the processor with its features,
    and the source's path, time and size.
    """
    folder = _cache_folder(function)
    if folder is None:
        return None
    source = Path(getfile(function))
    made = f"{numba.__version__} {sys.implementation.cache_tag} {target.processor()} {target.features()}"
    stamp = f"{signature} {made} {source} {source.stat().st_mtime} {source.stat().st_size}"
    digest = hashlib.sha256(stamp.encode()).hexdigest()[:16]
    return folder / f"{function.__module__}.{function.__qualname__}.{digest}"


@cache
def _cache_root() -> Path | None:
    """Where compiled code is kept: in the user's cache, or, with a warning, in a temporary folder of the user's own."""
    asked = Path(config.CACHE_DIR or platformdirs.user_cache_path("sweepgd") / "kernels")
    own = Path(gettempdir()) / f"sweepgd-kernels-{os.getuid()}"
    refused = _refusal(asked)
    if refused is None:
        return asked
    used = own if _refusal(own) is None and _is_private(own) else None
    kept = f"compiled kernels go to {used}" if used else "kernels are compiled anew by every process"
    warnings.warn(f"{asked} cannot be written ({refused}), so {kept}: set NUMBA_CACHE_DIR to a folder that lasts", stacklevel=2)
    return used


def _refusal(folder: Path) -> str | None:
    """Why nothing can be written to a folder, which is made where it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        TemporaryFile(dir=folder).close()
    except OSError as error:
        return error.strerror
    return None


def _is_private(folder: Path) -> bool:
    """Whether nobody else can put code there that would be run."""
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022


@contextmanager
def _cache_directory(folder: Path | None) -> Iterator[None]:
    """Numba reads its cache folder from a global at the moment a function is decorated."""
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder or before)
    try:
        yield
    finally:
        config.CACHE_DIR = before
