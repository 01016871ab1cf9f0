"""How every kernel is compiled: one set of flags, one cache, one door.

Kernels are plain Python functions until `compiled` is called with an explicit signature, so that they can be read, tested
and run without Numba (NUMBA_DISABLE_JIT=1), and so that a kernel passed to another crosses as a typed function pointer:
a new optimizer or model never makes the trainer compile again.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import getfile
from pathlib import Path
from typing import Any

import numba

from sweepgd import kept
from sweepgd.interrupts import asking
from sweepgd.kernels import cache, target
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

    def jitted(folder: Path | None) -> Callable:
        with _cache_directory(folder):
            return numba.njit(signature, cache=folder is not None, **FLAGS)(function)

    with asking() as stop:
        kernel = cache.through(_entry_folder(function, signature), jitted)
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


def is_compiled(function: Callable, signature: Any) -> bool:
    """Whether an earlier process left this kernel in the cache, so that users may be told of the wait where none did."""
    folder = _entry_folder(function, signature)
    return folder is not None and kept.is_whole(folder)


def _entry_folder(function: Callable, signature: Any) -> Path | None:
    """The folder of this kernel in the cache; None where its sources are unknown, or, with a warning, there is no cache.

    Its name holds what else Numba looks at before it takes code from its cache: the versions, the processor with its features,
    and the source's path, time and size.
    """
    root, made_from = cache.root(), fingerprint(function)
    if root is None or made_from is None:
        return None
    source = Path(getfile(function))
    made = f"{numba.__version__} {sys.implementation.cache_tag} {target.processor()} {target.features()}"
    stamp = f"{signature} {made} {source} {source.stat().st_mtime} {source.stat().st_size}"
    digest = hashlib.sha256(stamp.encode()).hexdigest()[:16]
    return root / made_from / f"{function.__module__}.{function.__qualname__}.{digest}"


@contextmanager
def _cache_directory(folder: Path | None) -> Iterator[None]:
    """Numba reads its cache folder from a global at the moment a function is decorated."""
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder or before)
    try:
        yield
    finally:
        config.CACHE_DIR = before
