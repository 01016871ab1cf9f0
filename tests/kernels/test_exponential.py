"""Exponentials in vector instructions equal NumPy's in float64."""

import numpy as np
import pytest

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.exponential import exponentials


@helper
def replace(array, start, count):
    exponentials(array, start, count)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2.5e-7), ("float64", 1e-15)])
@pytest.mark.parametrize("count", [1, 10, 16, 1003])
def test_exponentials_equal_numpys(count: int, dtype: str, tolerance: float) -> None:
    x = np.linspace(-87.0, 0.0, count + 5).astype(dtype)
    array = x.copy()
    replace(array, 2, count)
    np.testing.assert_allclose(array[2 : 2 + count], np.exp(x[2 : 2 + count].astype(np.float64)), rtol=tolerance)
    np.testing.assert_array_equal(array[:2], x[:2])
    np.testing.assert_array_equal(array[2 + count :], x[2 + count :])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exponentials_of_large_negative_numbers_nan_and_infinity(dtype: str) -> None:
    array = np.array([0.0, -1000.0, np.nan, -np.inf], dtype=dtype)
    replace(array, 0, 4)
    np.testing.assert_array_equal(array, np.array([1.0, 0.0, np.nan, 0.0], dtype=dtype))
