"""Memory allocations of compiled code are counted."""

import numpy as np
import pytest
from numba import float64, int64

from sweepgd.kernels import compiling
from sweepgd.kernels.allocations import allocations


def sum_of_ones(count):
    total = 0.0
    for i in range(count):
        total += np.ones(i + 1)[i]
    return total


@pytest.mark.skipif(compiling.config.DISABLE_JIT, reason="about compiled code")
@pytest.mark.parametrize("count", [0, 1, 7])
def test_every_allocation_is_counted(count):
    kernel = compiling.compiled(sum_of_ones, float64(int64))
    assert allocations(lambda: kernel(count)) == count
