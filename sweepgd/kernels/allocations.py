"""Count the memory allocations of compiled code."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from numba.core.runtime.nrt import rtsys

nrt: Any = import_module("numba.core.runtime._nrt_python")  # an extension module without types


def allocations(call: Callable[[], object]) -> int:
    """Return the number of times that Numba's runtime allocated memory during `call()`, in all threads.

    Each array argument of a call counts as one allocation.
    """
    nrt.memsys_enable_stats()
    before = rtsys.get_allocation_stats().alloc
    call()
    return rtsys.get_allocation_stats().alloc - before
