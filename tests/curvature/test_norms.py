from math import log

import numpy as np
import pytest
from curvature_points import blobs, measured, network_and_weights, quadratic
from run_builders import no_data

from sweepgd.core.layout import tensors_in
from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.curvature.measurer import Measurer


def test_norms_of_a_network_equal_numpys():
    data = blobs()
    architecture, theta = network_and_weights(data)
    first, _, second, _ = tensors_in(theta, architecture.layout)
    measurer = Measurer(architecture, data, MeasureSpec(measures=["distance", "weight_norm", "weight_norm_log_product"]))
    start = theta.copy()
    start[:2] += [3.0, -4.0]
    distance, norm, product = measurer.measure(theta, start)
    assert distance.value == pytest.approx(5.0)
    assert norm.value == pytest.approx(np.sqrt(np.sum(theta**2)))
    assert product.value == pytest.approx(log(np.sqrt(np.sum(first**2)) * np.sqrt(np.sum(second**2))))


def test_missing_norms_have_messages():
    data = blobs()
    architecture, theta = network_and_weights(data)
    theta[-18:-3] = 0.0
    found = measured(architecture, data, theta, "weight_norm_log_product")["weight_norm_log_product"]
    assert (found.value, found.message) == (
        None,
        "all weights of a layer are 0, so that the product of the norms is 0 and has no logarithm",
    )
    found = measured(quadratic((1.0, 2.0)), no_data(), np.ones(2), "weight_norm_log_product")["weight_norm_log_product"]
    assert (found.value, found.message) == (None, "the model has no weights in layers")
    measurer = Measurer(quadratic((1.0, 2.0)), no_data(), MeasureSpec(measures=["distance"]))
    (distance,) = measurer.measure(np.ones(2), np.array([np.nan, 0.0]))
    assert (distance.value, distance.message) == (None, "the initial parameters of the run are not known")
