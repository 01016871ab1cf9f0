import numpy as np
import pytest
from curvature_points import blobs, dense_hessian, measured, network_and_weights, only_value, point_at, quadratic
from naive import outputs, probabilities
from run_builders import no_data

from sweepgd.core.layout import OFFSET, tensors_in
from sweepgd.curvature.catalogue import settings_of
from sweepgd.curvature.relative_flatness import relative_flatness


def by_definition(hessian, weights, offset):
    """Σ_{s,s'} ⟨w_s, w_s'⟩ tr H_{s,s'} over the neurons s, columns of W (fan_in, fan_out)."""
    neurons = weights.shape[1]
    of = offset + np.arange(weights.size).reshape(weights.shape)
    return sum(
        (weights[:, s] @ weights[:, t]) * np.trace(hessian[np.ix_(of[:, s], of[:, t])])
        for s in range(neurons)
        for t in range(neurons)
    )


@pytest.mark.parametrize("hidden", [(5,), ()])
def test_it_equals_the_definition_within_3_errors_in_97_of_100_seeds(hidden):
    data = blobs()
    architecture, theta = network_and_weights(data, hidden=hidden)
    weights = tensors_in(theta, architecture.layout)[-2]
    hessian = dense_hessian(architecture, theta, data, "tanh")
    expected = by_definition(hessian, weights, architecture.layout[-2, OFFSET])
    settings = settings_of("relative_flatness", {})
    found = [only_value(relative_flatness(point_at(architecture, data, theta, seed), settings)) for seed in range(100)]
    assert sum(abs(value.value - expected) <= 3 * value.error for value in found) >= 97


def test_it_equals_the_closed_form_of_a_softmax_layer():
    data = blobs()
    architecture, theta = network_and_weights(data, "relu", hidden=(6, 5))
    tensors = tensors_in(theta, architecture.layout)
    zs = outputs(tensors, data.train.inputs, "relu")
    features, p, gram = np.maximum(zs[-2], 0), probabilities(zs[-1]), tensors[-2].T @ tensors[-2]
    # H_{s,s'} is the mean of (p_s δ_ss' − p_s p_s') φφᵀ, and its trace has ‖φ‖².
    forms = p @ np.diag(gram) - np.sum((p @ gram) * p, axis=1)
    expected = np.mean(np.sum(features**2, axis=1) * forms)
    given = {"relative_flatness": {"tolerance": 0.03, "draws": 3000}}
    record = measured(architecture, data, theta, "relative_flatness", settings=given)["relative_flatness"]
    assert record.value == pytest.approx(expected, abs=3 * record.error)
    assert record.error <= 0.03 * record.value


def test_zero_weights_have_relative_flatness_0():
    data = blobs()
    architecture, theta = network_and_weights(data)
    record = measured(architecture, data, np.zeros_like(theta), "relative_flatness")["relative_flatness"]
    assert (record.value, record.error, record.message) == (0.0, 0.0, None)


def test_a_model_without_weights_has_a_message():
    record = measured(quadratic((1.0, 2.0)), no_data(), np.ones(2), "relative_flatness")["relative_flatness"]
    assert (record.value, record.message) == (None, "the model has no weight matrix")
