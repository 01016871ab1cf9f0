"""The kernels of the noisy quadratic model equal plain formulas; their noise has the variance c/B and follows the key."""

import naive
import numpy as np
import pytest
from kernel_calls import Products, evaluation_with_gradient, loss_and_error
from run_builders import data_of, model_for

from sweepgd.kernels import signatures

DIMENSION = 6
CURVATURES, VARIANCES = np.arange(1, DIMENSION + 1) ** -1.5, np.arange(1, DIMENSION + 1) ** -0.5
POINT = np.linspace(-1.0, 2.0, DIMENSION)


def data(rows=64, dtype="float64"):
    return data_of(np.zeros((rows, 0)), np.zeros((rows, 0)), dtype=dtype)


def model():
    return model_for(data(), "noisy_quadratic", dimension=DIMENSION, curvature_exponent=1.5, noise_exponent=0.5)


def gradient(rows, key, training=True, dtype="float64"):
    part, out = data(dtype=dtype).train, np.full(DIMENSION, np.nan, dtype)
    built = model()
    loss = signatures.compiled("gradient", built.gradient, dtype)(
        POINT.astype(dtype), np.zeros(0, dtype), part.inputs, part.targets, np.asarray(rows), built.layout, built.settings,
        key, training, np.zeros(0, dtype), out,
    )  # fmt: skip
    return loss, out


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-14)])
def test_without_training_loss_and_gradient_are_exact(dtype, tolerance):
    loss, expected = naive.quadratic(POINT, CURVATURES), CURVATURES * POINT
    found_loss, found = gradient(range(7), 5, training=False, dtype=dtype)
    assert found_loss == pytest.approx(loss, rel=tolerance)
    np.testing.assert_allclose(found, expected, rtol=tolerance)
    found_loss, error, found = evaluation_with_gradient(model(), POINT, data(dtype=dtype).train)
    assert found_loss == pytest.approx(loss, rel=tolerance)
    assert np.isnan(error)
    np.testing.assert_allclose(found, expected, rtol=tolerance)
    found_loss, error = loss_and_error(model(), POINT, data(dtype=dtype).train)
    assert found_loss == pytest.approx(loss, rel=tolerance)
    assert np.isnan(error)


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_the_noise_has_variance_c_over_the_batch_size(batch):
    draws = np.array([gradient(range(batch), key)[1] for key in range(6_000)])
    np.testing.assert_allclose(draws.mean(axis=0), CURVATURES * POINT, atol=4 * np.sqrt(1 / batch / 6_000))
    np.testing.assert_allclose(draws.var(axis=0), VARIANCES / batch, rtol=4 * np.sqrt(2 / 6_000))
    correlations = np.corrcoef(draws.T) - np.eye(DIMENSION)
    assert abs(correlations).max() < 4.5 / np.sqrt(6_000)


def test_the_noise_follows_the_key_and_not_the_rows():
    loss, first = gradient([0, 1, 2, 3], 11)
    assert loss == naive.quadratic(POINT, CURVATURES)
    np.testing.assert_array_equal(gradient([9, 8, 7, 6], 11)[1], first)
    assert not np.isclose(gradient([0, 1, 2, 3], 12)[1], first).any()
    normal_numbers = (first - CURVATURES * POINT) / np.sqrt(VARIANCES / 4)
    expected = naive.noisy_quadratic_gradient(POINT, CURVATURES, normal_numbers, VARIANCES, 32)
    np.testing.assert_allclose(gradient(range(32), 11)[1], expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_hessian_is_the_diagonal_of_curvatures(dtype):
    products = Products(model(), data(dtype=dtype).train)
    for gauss_newton in (False, True):
        np.testing.assert_allclose(products.matrix(POINT, gauss_newton=gauss_newton), np.diag(CURVATURES), rtol=1e-6)
