"""Writes out of bounds are detected and located."""

import pytest

from sweepgd.plugins.checks.guarded_arrays import Guarded


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_write_out_of_bounds_is_located(dtype):
    def arrays():
        return Guarded(dtype, {"first": (5,), "second": (2, 3), "none": (0, 0)})

    whole = arrays()
    for name in ("first", "second", "none"):
        assert whole[name].ctypes.data % 64 == 0
        whole[name][:] = 7
    assert whole.damage() is None
    for name, offset, where in (
        ("first", -1, "before the beginning of first"),
        ("first", 5, "beyond the end of first"),
        ("second", -1, "before the beginning of second"),
        ("second", 6, "beyond the end of second"),
    ):
        written = arrays()
        start = (written[name].ctypes.data - written._whole.ctypes.data) // written._whole.itemsize
        written._whole[start + offset] += 1e-3
        assert written.damage() == where
