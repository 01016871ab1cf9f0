"""Compilation of all kernels, with one set of flags and one cache.

Kernels are plain Python functions until `compiled` compiles them for an explicit signature. Without Numba, they can be read,
tested and run as Python (NUMBA_DISABLE_JIT=1). A kernel is passed to another kernel as a typed function pointer. Therefore a
new optimizer or model never makes Numba compile the trainer again.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import getfile
from pathlib import Path
from typing import Any

import numba

from sweepgd.core import disk_cache
from sweepgd.core.interrupts import graceful_stop
from sweepgd.kernels import kernel_cache, target
from sweepgd.kernels.source_digest import fingerprint

config: Any = numba.config  # type checkers do not know the attributes, which are made at run time

# The flags of fastmath=True without "nnan" and "ninf", because these two make the compiled isfinite(nan) true.
FAST_MATH = {"reassoc", "nsz", "arcp", "contract", "afn"}
FLAGS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": FAST_MATH}


def helper(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function that kernels call. The function is compiled into each of its callers."""
    return numba.njit(**FLAGS)(function)


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a helper that is called in one or two places and calls large helpers, such as matrix products.

    Numba makes machine code of every helper together with all that it calls, also of helpers that only other helpers call. An
    inlined helper has no machine code of its own. The kernels of networks of layers then take half the time to compile.
    """
    return numba.njit(inline="always", **FLAGS)(function)


def compiled(function: Callable[..., Any], signature: Any) -> Callable[..., Any]:
    """Return `function` compiled for `signature`, from the cache on disk if possible.

    Without JIT, return the function itself. A KeyboardInterrupt is raised only after the compilation, because ctypes would
    print and drop an interrupt that is raised while LLVM calls back into Python.
    """
    if config.DISABLE_JIT:
        return function

    def jitted(folder: Path | None) -> Callable[..., Any]:
        with _cache_directory(folder):
            return numba.njit(signature, cache=folder is not None, **FLAGS)(function)

    with graceful_stop() as stop:
        kernel = kernel_cache.load_or_compile(_entry_folder(function, signature), jitted)
    if stop:
        raise KeyboardInterrupt
    return kernel


def entry(kernel: Any) -> Callable[..., Any]:
    """Return the entry point of a compiled kernel, without Numba's type checks.

    Arguments must have exactly the signature's types. A call with the trainer's 22 arguments then takes 14 µs instead of 30.
    This matters because a small epoch takes about 14 µs.
    """
    if config.DISABLE_JIT:
        return kernel
    (result,) = kernel.overloads.values()
    return result.entry_point


def is_compiled(function: Callable[..., Any], signature: Any) -> bool:
    """Return True if the cache holds this kernel, so that users need not be told of a long compilation."""
    folder = _entry_folder(function, signature)
    return folder is not None and disk_cache.is_whole(folder)


def _entry_folder(function: Callable[..., Any], signature: Any) -> Path | None:
    """Return the folder of this kernel in the cache.

    Return None if the kernel's sources are unknown, or if there is no cache (after a warning). The folder's name depends on the
    sources and on everything that Numba checks before it loads code from its cache. Numba checks the versions, the processor
    with its features, and the path, time and size of the source file.
    """
    root, source_digest = kernel_cache.root(), fingerprint(function)
    if root is None or source_digest is None:
        return None
    source = Path(getfile(function))
    compiler = f"{numba.__version__} {sys.implementation.cache_tag} {target.processor()} {target.features()}"
    stamp = f"{signature} {compiler} {source} {source.stat().st_mtime} {source.stat().st_size}"
    digest = hashlib.sha256(stamp.encode()).hexdigest()[:16]
    return root / source_digest / f"{function.__module__}.{function.__qualname__}.{digest}"


@contextmanager
def _cache_directory(folder: Path | None) -> Iterator[None]:
    """Set Numba's cache folder, a global that Numba reads when a function is decorated."""
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder or before)
    try:
        yield
    finally:
        config.CACHE_DIR = before
