"""Aligned arrays are zeros that start at a cache line."""

import pytest

from sweepgd.core.aligned_arrays import LINE_BYTES, aligned


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(0,), (1,), (4810,), (2, 7), (0, 0)])
def test_aligned_arrays_are_zeros_at_a_cache_line(shape: tuple[int, ...], dtype: str) -> None:
    for _ in range(5):
        array = aligned(shape, dtype)
        assert array.shape == shape
        assert array.dtype == dtype
        assert array.ctypes.data % LINE_BYTES == 0
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert (array == 0).all()
