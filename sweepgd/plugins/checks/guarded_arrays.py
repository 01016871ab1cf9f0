"""Arrays with known numbers before and after them, to detect writes out of bounds."""

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.aligned_arrays import LINE_BYTES, aligned

# The known numbers have the size of weights and gradients. Rounding could hide that a small step was added to a larger number.
GUARD = 0.75
GUARD_BYTES = 8 * LINE_BYTES


class Guarded:
    """Zeroed arrays of one type, by name, in a contiguous piece of memory. Each array starts at a cache line."""

    def __init__(self, dtype: str, shapes: dict[str, tuple[int, ...]]) -> None:
        gap, line = GUARD_BYTES // np.dtype(dtype).itemsize, LINE_BYTES // np.dtype(dtype).itemsize
        self._gap, self._ends = gap, dict[str, tuple[int, int]]()
        stop = 0
        for name, shape in shapes.items():
            start = -(-(stop + gap) // line) * line
            stop = start + prod(shape)
            self._ends[name] = start, stop
        self._whole = aligned((stop + gap,), dtype)
        self._whole[:] = GUARD
        self._arrays: dict[str, npt.NDArray[Any]] = {}
        for name, (start, stop) in self._ends.items():
            self._arrays[name] = self._whole[start:stop].reshape(shapes[name])
            self._arrays[name][:] = 0

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self._arrays[name]

    def damage(self) -> str | None:
        """Return the place where a number was written out of bounds, such as "beyond the end of theta", or None."""
        for name, (start, stop) in self._ends.items():
            if not (self._whole[start - self._gap : start] == GUARD).all():
                return f"before the beginning of {name}"
            if not (self._whole[stop : stop + self._gap] == GUARD).all():
                return f"beyond the end of {name}"
        return None
