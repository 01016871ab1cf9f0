"""A matrix of zeros takes the same step as a bias, because a step proportional to the matrix's norm would be 0."""

import numpy as np
import pytest
from sweepgd_large_batch.lamb import lamb
from sweepgd_large_batch.lars import lars

from sweepgd.plugin import BIAS, WEIGHT, Tensor, layout_of, slot_matrix


@pytest.mark.parametrize("rule", [lars, lamb], ids=lambda rule: rule.name)
def test_a_matrix_of_zeros_takes_the_step_of_a_bias(rule):
    layout = layout_of([Tensor((2, 2), WEIGHT, 2, 2), Tensor((4,), BIAS, 2, 2)])
    theta, slots = np.zeros(8), slot_matrix(rule, layout, "float64")
    gradient = np.tile([1.0, -2.0, 0.5, 0.0], 2)
    hyper = rule.hyper({setting.name: setting.default for setting in rule.hyperparameters})
    rule.update(theta, gradient, slots, layout, hyper, 0.1, 1, 0, 8)
    np.testing.assert_array_equal(theta[:4], theta[4:])
    np.testing.assert_allclose(np.sign(theta), -np.sign(gradient))
