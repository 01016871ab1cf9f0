"""Loss, gradient and Hessian of the analytic functions equal plain formulas and differences."""

import naive
import numpy as np
import pytest
from kernel_calls import Products, loss_and_error, loss_and_gradient
from run_builders import model_for, no_data

POINT = np.array([0.7, -1.3])
SURFACES = {
    "quadratic": ({"curvatures": [3.0, 0.5]}, lambda x: naive.quadratic(x, np.array([3.0, 0.5]))),
    "rosenbrock": ({"steepness": 20.0}, lambda x: naive.rosenbrock(x, 20.0)),
    "saddle": ({}, naive.saddle),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SURFACES)
def test_loss_and_gradient_equal_formulas_and_differences(name, dtype):
    settings, loss = SURFACES[name]
    part = no_data(dtype).train
    model = model_for(no_data(), name, **settings)
    found_loss, gradient = loss_and_gradient(model, POINT, part)
    differences = [(loss(POINT + step) - loss(POINT - step)) / 2e-5 for step in 1e-5 * np.eye(2)]
    tolerance = 1e-6 if dtype == "float32" else 1e-12
    assert found_loss == pytest.approx(loss(POINT), rel=tolerance)
    np.testing.assert_allclose(gradient, differences, rtol=1e-6)
    found_loss, error = loss_and_error(model, POINT, part)
    assert found_loss == pytest.approx(loss(POINT), rel=tolerance)
    assert np.isnan(error)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SURFACES)
def test_hessian_equals_differences_of_the_gradient(name, dtype):
    settings, _ = SURFACES[name]
    model = model_for(no_data(), name, **settings)
    expected = naive.differences(lambda at: loss_and_gradient(model, at, no_data().train)[1], POINT)
    products = Products(model, no_data(dtype).train)
    for gauss_newton in (False, True):
        np.testing.assert_allclose(products.matrix(POINT, gauss_newton=gauss_newton), expected, rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize(
    ("name", "minimum", "value"), [("quadratic", (0, 0), 0), ("rosenbrock", (1, 1), 0), ("saddle", (0, -1), -0.25)]
)
def test_loss_and_gradient_at_minima(name, minimum, value):
    loss, gradient = loss_and_gradient(model_for(no_data(), name), np.array(minimum, dtype=float), no_data().train)
    assert loss == value
    assert gradient.tolist() == [0, 0]


@pytest.mark.parametrize("name", SURFACES)
def test_a_nan_or_infinite_point_has_no_finite_loss(name):
    model, part = model_for(no_data(), name), no_data().train
    with np.errstate(all="ignore"):
        assert np.isnan(loss_and_gradient(model, np.array([np.nan, 1.0]), part)[0])
        assert not np.isfinite(loss_and_gradient(model, np.array([np.inf, 1.0]), part)[0])
