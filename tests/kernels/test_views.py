"""Views without reference counting read and write the elements of their array."""

import numpy as np
import pytest

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.views import block, borrowed, flat


@helper
def double_block(array, start, rows, columns):
    view = block(borrowed(array), start, rows, columns)
    for i in range(view.shape[0]):
        for j in range(view.shape[1]):
            view[i, j] *= 2
    return view.sum()


@helper
def sum_of_block(array, start, rows, columns):
    return block(array, start, rows, columns).sum()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_block_is_that_part_of_the_array(dtype: str) -> None:
    array = np.arange(20, dtype=dtype)
    assert double_block(array, 3, 2, 5) == 2 * np.arange(3, 13).sum()
    np.testing.assert_array_equal(array[3:13], 2 * np.arange(3, 13))
    np.testing.assert_array_equal(np.delete(array, range(3, 13)), [0, 1, 2, *range(13, 20)])


def test_a_block_of_a_read_only_array() -> None:
    array = np.arange(6.0)
    array.flags.writeable = False
    assert sum_of_block(array, 2, 2, 2) == 14


@helper
def second_half(array):
    view = flat(array)
    return view[view.size // 2 :].sum()


def test_flat_holds_all_elements_in_order() -> None:
    matrix = np.arange(12.0).reshape(4, 3)
    assert second_half(matrix) == np.arange(6, 12).sum()
    matrix.flags.writeable = False
    assert second_half(matrix) == np.arange(6, 12).sum()
