"""Products in register tiles equal NumPy's, for shapes with every kind of remainder."""

import re

import numpy as np
import pytest

from sweepgd.kernels.compiling import config, helper
from sweepgd.kernels.matmul import PACKED_ROWS, multiply, multiply_transposed

SHAPES = [(1, 1, 1), (3, 5, 7), (4, 10, 64), (5, 33, 10), (1, 64, 80), (8, 17, 16), (9, 784, 21), (2, 1, 130), (64, 64, 64)]
# Every height of a tile and the two rows that are left over; widths around one, two and four vectors of every size.
SHAPES += [(rows, 12, columns) for rows in (2, 3, 6, 7, 10) for columns in (3, 12, 20, 37, 52, 100)]
# Dot products of fewer than 32 rows, and transposed panels of more.
SHAPES += [(rows, 70, columns) for rows in (1, 6, 33) for columns in (9, 66)]
# Right-hand matrices above CACHED_BYTES: panels with and without a smaller last one, of few rows, and packed for many.
SHAPES += [(9, 600, 301), (6, 512, 320), (PACKED_ROWS, 512, 320), (PACKED_ROWS + 2, 600, 301)]
TOLERANCE = {"float32": 2e-5, "float64": 1e-13}


@helper
def times(a, a_row, a_inner, b, c, rows, inner, columns, add):
    multiply(a, 2, a_row, a_inner, b, 1, c, 3, rows, inner, columns, add)


@helper
def times_transposed(a, b, c, rows, inner, columns, add):
    multiply_transposed(a, 2, b, 1, c, 3, rows, inner, columns, add)


def flat(matrix: np.ndarray, before: int) -> np.ndarray:
    """The matrix in row-major order between `before` and three NaNs, which a product must neither use nor overwrite."""
    return np.concatenate([np.full(before, np.nan), matrix.ravel(), np.full(3, np.nan)]).astype(matrix.dtype)


def check(c: np.ndarray, expected: np.ndarray) -> None:
    tolerance = TOLERANCE[c.dtype.name]
    np.testing.assert_allclose(c[3:-3].reshape(expected.shape), expected, rtol=tolerance, atol=30 * tolerance)
    assert np.isnan(c[:3]).all()
    assert np.isnan(c[-3:]).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("rows", "inner", "columns"), SHAPES)
def test_products_equal_numpys(rows: int, inner: int, columns: int, dtype: str) -> None:
    rng = np.random.default_rng(rows * inner + columns)
    a, b = (rng.normal(size=shape).astype(dtype) for shape in ((rows, inner), (inner, columns)))
    expected = a @ b
    c = flat(np.full((rows, columns), np.nan, dtype), 3)
    times(flat(a, 2), inner, 1, flat(b, 1), c, rows, inner, columns, False)
    check(c, expected)

    c[:] = np.nan
    times(flat(np.ascontiguousarray(a.T), 2), 1, rows, flat(b, 1), c, rows, inner, columns, False)
    check(c, expected)

    c[:] = np.nan
    times_transposed(flat(a, 2), flat(np.ascontiguousarray(b.T), 1), c, rows, inner, columns, False)
    check(c, expected)

    times(flat(a, 2), inner, 1, flat(b, 1), c, rows, inner, columns, True)
    check(c, 2 * expected)

    times_transposed(flat(a, 2), flat(np.ascontiguousarray(b.T), 1), c, rows, inner, columns, True)
    check(c, 3 * expected)


@pytest.mark.skipif(config.DISABLE_JIT, reason="nothing is compiled")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_multiply_add_does_not_call_the_c_library(dtype):
    """Without the instruction, fma would be a call of fmaf: run this with NUMBA_CPU_NAME=x86-64-v2 too."""
    a, b = (np.ones(size, dtype=dtype) for size in (2 + 4 * 5, 1 + 5 * 16))
    c = np.zeros(3 + 4 * 16, dtype=dtype)
    times(a, 5, 1, b, c, 4, 5, 16, False)
    np.testing.assert_array_equal(c[3:], 5.0)
    (assembly,) = (text for signature, text in times.inspect_asm().items() if signature[0].dtype.name == dtype)
    assert "mul" in assembly
    assert not re.search(r"\bfmaf?\b", assembly)
