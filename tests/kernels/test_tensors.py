"""The range of a tensor, its norm, and weight decay within a range."""

import numpy as np

from sweepgd.core.layout import BIAS, WEIGHT, Tensor, layout_of
from sweepgd.kernels import decay_weights, extent, norm

LAYOUT = layout_of([Tensor((2, 3), WEIGHT, 2, 3), Tensor((3,), BIAS, 2, 3), Tensor((3, 1), WEIGHT, 3, 1)])


def test_extents_of_successive_tensors_are_adjacent():
    assert [extent(LAYOUT, row) for row in range(3)] == [(0, 6), (6, 9), (9, 12)]


def test_the_norm_of_a_range_does_not_overflow():
    vector = np.array([7.0, 3e25, -4e25, 7.0], dtype=np.float32)
    np.testing.assert_allclose(norm(vector, 1, 3), 5e25, rtol=1e-6)
    assert norm(vector, 2, 2) == 0.0


def test_only_weights_within_the_range_decay():
    theta = np.ones(12)
    decay_weights(theta, LAYOUT, 0.5, 4, 11)
    np.testing.assert_array_equal(theta, [1, 1, 1, 1, 0.5, 0.5, 1, 1, 1, 0.5, 0.5, 1])
