"""The effect of rescaled weights of the same function on each measure (Dinh et al. 2017)."""

import numpy as np
import pytest
from curvature_points import blobs, dense_hessian, measured, network_and_weights, point_at
from naive import outputs

from sweepgd.core.layout import tensors_in
from sweepgd.curvature.catalogue import measure_of, settings_of
from sweepgd.curvature.keskar_phi import Box

FACTOR = 3.0


@pytest.fixture(scope="module")
def rescaled():
    data = blobs()
    architecture, theta = network_and_weights(data, "relu")
    return data, architecture, theta, measured(architecture, data, theta, rescale=FACTOR, settings={"lambda_max": {"k": 3}})


def test_rescaling_does_not_change_outputs(rescaled):
    data, architecture, theta, _ = rescaled
    other = architecture.curvature.rescaled(theta, FACTOR)
    assert np.linalg.norm(other - theta) > 1
    before, after = (outputs(tensors_in(w, architecture.layout), data.train.inputs, "relu")[-1] for w in (theta, other))
    np.testing.assert_allclose(after, before, rtol=1e-10, atol=1e-10)


def test_rescaled_eigenvalues_are_those_of_the_scaled_hessian(rescaled):
    data, architecture, theta, found = rescaled
    # f'(w) = f(D w) with D = 1/α on W₁ and b₁, α on W₂ and 1 on b₂: its Hessian at D⁻¹w is D H D.
    scale = np.repeat([1 / FACTOR, 1 / FACTOR, FACTOR, 1.0], architecture.layout[:, 1])
    hessian = dense_hessian(architecture, theta, data, "relu")
    predicted = np.linalg.eigvalsh(scale[:, None] * hessian * scale)[::-1]
    for i, record in enumerate(("lambda_max", "lambda_max_2", "lambda_max_3")):
        assert found[record, FACTOR].value == pytest.approx(predicted[i], rel=1e-6)
    assert found["lambda_max", FACTOR].value > 2 * found["lambda_max", 1.0].value
    trace = found["trace", FACTOR]
    assert trace.value == pytest.approx(np.trace(scale[:, None] * hessian * scale), abs=3 * trace.error)


def test_rescaled_phi_is_that_of_the_scaled_box(rescaled):
    data, architecture, theta, found = rescaled
    point = point_at(architecture, data, theta)
    loss_here, _ = point.gradient(theta)
    # By the same D, the box around D⁻¹w of half-width ε(|D⁻¹w| + 1) is one around w of half-width ε(|w| + D).
    scale = np.repeat([1 / FACTOR, 1 / FACTOR, FACTOR, 1.0], architecture.layout[:, 1])
    half = 1e-3 * (np.abs(theta) + scale)

    box = Box(point, half, np.copy, np.copy, loss_here).sharpness(settings_of("phi", {}), point.random("phi_0.001"))
    assert found["phi_0.001", FACTOR].value == pytest.approx(box.value, rel=1e-6)
    assert found["phi_0.001", FACTOR].value != pytest.approx(found["phi_0.001", 1.0].value, rel=0.05)


@pytest.mark.parametrize("record", ["asam_step", "asam_max", "relative_flatness", "weight_norm_log_product"])
def test_rescaling_does_not_change_invariant_measures(rescaled, record):
    found = rescaled[-1]
    assert measure_of(record).invariant
    assert found[record, FACTOR].value == pytest.approx(found[record, 1.0].value, rel=1e-3)


def test_rescaling_changes_all_other_measures(rescaled):
    found = rescaled[-1]
    for record in {record for record, _ in found if not measure_of(record).invariant} - {"noise_scale_two_batch"}:
        before, after = (found[record, factor].value for factor in (1.0, FACTOR))
        assert abs(after / before - 1) > 1e-3, record


def test_a_model_without_rescaling_has_a_message():
    data = blobs()
    for architecture, theta in (network_and_weights(data, "tanh"), network_and_weights(data, "relu", hidden=())):
        found = measured(architecture, data, theta, "lambda_max", "trace", rescale=2.0)
        assert found["lambda_max", 1.0].value > 0
        for record in ("lambda_max", "trace"):
            assert found[record, 2.0].value is None
            assert found[record, 2.0].message == "the model has no rescaling that leaves its outputs unchanged"
