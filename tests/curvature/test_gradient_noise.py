import numpy as np
import pytest
from curvature_points import blobs, measured, network_and_weights, point_at, quadratic
from kernel_calls import loss_and_gradient
from run_builders import data_of, model_for, no_data

from sweepgd.core.errors import SweepgdError
from sweepgd.curvature.gradient_noise import exact_noise_scale, noise_scale, two_batch_noise_scale


def by_row(architecture, theta, data):
    """The gradient of each row (rows, parameters)."""
    return np.array([loss_and_gradient(architecture, theta, data.train, [row])[1] for row in range(data.rows)])


def test_the_exact_noise_scale_is_from_the_covariance_of_row_gradients():
    data = blobs()
    architecture, theta = network_and_weights(data)
    rows = by_row(architecture, theta, data)
    expected = np.trace(np.cov(rows.T, bias=True)) / np.sum(rows.mean(axis=0) ** 2)
    found = measured(architecture, data, theta, "noise_scale")
    assert found["noise_scale"].value == pytest.approx(expected, rel=1e-9)


def test_the_two_batch_estimate_agrees_within_its_error_and_5_percent():
    data = blobs()
    architecture, theta = network_and_weights(data)
    settings = {"small": 8, "times": 8, "draws": 200}
    misses, errors = 0, []
    for seed in range(20):
        exact, estimate = noise_scale(point_at(architecture, data, theta, seed), settings)
        misses += abs(estimate.value - exact.value) > 3 * estimate.error
        errors.append((estimate.value / exact.value - 1, estimate.error / exact.value))
    deviations, claimed = np.array(errors).T
    assert misses <= 1
    assert np.sqrt(np.mean(deviations**2)) == pytest.approx(claimed.mean(), rel=0.5)
    assert abs(deviations.mean()) < 0.02
    # Two batches drawn separately would have a standard error of 0.1.
    assert claimed.max() < 0.05


def test_signal_and_noise_are_averaged_before_division():
    small, large = np.array([9.0, 7.0]), np.array([4.0, 4.0])
    # |G|² = (8·4 − 2·s)/6 and trΣ = (s − 4)/(1/2 − 1/8).
    signal, noise = (32 - 2 * small) / 6, (small - 4) / 0.375
    value, error = two_batch_noise_scale(small, large, 2, 8)
    assert value == pytest.approx(noise.sum() / signal.sum())
    left_out = np.array([noise[1] / signal[1], noise[0] / signal[0]])
    assert error == pytest.approx(np.sqrt(0.5 * np.sum((left_out - left_out.mean()) ** 2)))


def test_a_gradient_of_0_within_its_error_has_no_noise_scale():
    with pytest.raises(
        SweepgdError, match="not above its standard error: increase one of the settings `small`, `times` and `draws`"
    ):
        two_batch_noise_scale(np.array([9.0, 8.0]), np.array([1.0, 3.0]), 2, 8)
    with pytest.raises(SweepgdError, match="the gradient is 0 up to rounding"):
        exact_noise_scale(np.full(3, 1e-17), np.ones(3), 100, 2e-16)
    assert exact_noise_scale(np.array([1.0, 2.0]), np.array([1.0, 4.0]), 100, 2e-16) == 0.0


def test_the_smallest_nonzero_gradient_is_the_rounding_error_of_its_sums():
    for terms, precision in ((512, 1e-7), (100, 2e-16)):
        bound = terms * precision  # of √total = 1
        with pytest.raises(SweepgdError, match="the gradient is 0 up to rounding"):
            exact_noise_scale(np.array([0.99 * bound]), np.ones(1), terms, precision)
        above = exact_noise_scale(np.array([1.01 * bound]), np.ones(1), terms, precision)
        assert above == pytest.approx(1.0 / (1.01 * bound) ** 2, rel=1e-6)


def test_the_noise_scale_of_many_rows_is_equal_in_float32_and_float64():
    rng = np.random.default_rng(3)
    inputs = rng.normal(size=(60_000, 2))
    data = data_of(inputs, inputs @ [1.0, -2.0] + rng.normal(size=60_000), dtype="float32")
    architecture = model_for(data, "linear")
    design = np.c_[data.train.inputs, np.ones(60_000)].astype(float)
    minimum = np.linalg.lstsq(design, data.train.targets[:, 0].astype(float))[0]
    at = minimum + np.array([0.001, 0.0, 0.0])
    settings = {"noise_scale": {"draws": 2}}
    found = [
        measured(architecture, data, at, "noise_scale", settings=settings, dtype=dtype)["noise_scale"].value
        for dtype in ("float32", "float64")
    ]
    assert found[1] > 1e6  # a bound that grows with all rows would refuse values above 2e4
    assert found[0] == pytest.approx(found[1], rel=0.01)


def test_at_an_exact_minimum_both_estimates_have_messages():
    data = data_of([[1.0], [1.0]], [1.0, -1.0])
    architecture = model_for(data, "linear")
    found = measured(architecture, data, np.zeros(2), "noise_scale", settings={"noise_scale": {"small": 1}})
    assert [record.value for record in found.values()] == [None, None]
    assert found["noise_scale"].message == "the gradient is 0 up to rounding, so that the noise scale is unbounded"
    assert "not above its standard error" in found["noise_scale_two_batch"].message


def test_equal_rows_have_no_noise():
    data = data_of([[1.0], [1.0], [1.0]], [3.0, 3.0, 3.0])
    found = measured(model_for(data, "linear"), data, np.zeros(2), "noise_scale")
    assert [record.value for record in found.values()] == pytest.approx([0.0, 0.0])
    assert found["noise_scale_two_batch"].error == pytest.approx(0.0)


def test_the_fisher_trace_is_an_expectation_over_the_models_targets():
    data = blobs()
    architecture, theta = network_and_weights(data)
    empirical, expected = np.sum(by_row(architecture, theta, data) ** 2, axis=1).mean(), 0.0
    for label in range(3):
        other = data_of(data.train.inputs, np.full(data.rows, label), classes=3)
        squares = np.sum(by_row(architecture, theta, other) ** 2, axis=1)
        losses = [loss_and_gradient(architecture, theta, other.train, [row])[0] for row in range(data.rows)]
        expected += np.mean(np.exp(-np.array(losses)) * squares)
    found = measured(architecture, data, theta, "fisher_trace")
    assert found["fisher_trace"].value == pytest.approx(expected, rel=1e-9)
    assert found["fisher_trace_empirical"].value == pytest.approx(empirical, rel=1e-9)


def test_an_analytic_function_has_an_empirical_fisher_trace_only():
    found = measured(quadratic((1.0, 2.0)), no_data(), np.ones(2), "fisher_trace", "noise_scale")
    assert found["fisher_trace"].value is None
    assert "the model's distribution over targets" in found["fisher_trace"].message
    assert found["fisher_trace_empirical"].value == 5.0
    assert found["noise_scale"].value == 0.0
