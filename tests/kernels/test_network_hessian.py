"""Hessian and Gauss-Newton products and second moments equal dense matrices in plain NumPy."""

import naive
import numpy as np
import pytest
from kernel_calls import Products
from kernels.cases import MODELS, Case, assert_close

from sweepgd.core.layout import tensors_in

TOLERANCE = {"float32": 3e-6, "float64": 1e-12}
ROWS = np.array([250, 3, 41, 3, 299, 0, 77, 12, 100, 101, 102, 5])


def hessian(case: Case) -> np.ndarray:
    """The dense Hessian from differences of the oracle's gradient, accurate to 1e-9."""
    return naive.differences(
        lambda weights: case.oracle(naive.network, weights, ROWS)[1], case.weights.astype(np.float64), 1e-4
    )


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", MODELS)
def test_hessian_equals_the_dense_matrix(name, dtype):
    case = Case(name, dtype)
    found = Products(case.model, case.part, ROWS).matrix(case.weights)
    assert found.dtype == dtype
    assert_close(found, hessian(case), max(TOLERANCE[dtype], 1e-8))


@pytest.mark.parametrize("name", MODELS)
def test_hessian_is_symmetric(name):
    case, rng = Case(name), np.random.default_rng(5)
    products = Products(case.model, case.part)
    v, w = rng.normal(size=(2, case.weights.size))
    vhw, whv = v @ products.product(case.weights, w), w @ products.product(case.weights, v)
    assert vhw == pytest.approx(whv, rel=1e-10)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", MODELS)
def test_gauss_newton_equals_the_dense_matrix(name, dtype):
    case = Case(name, dtype)
    found = Products(case.model, case.part, ROWS).matrix(case.weights, gauss_newton=True)
    assert_close(found, case.oracle(naive.gauss_newton, rows=ROWS), TOLERANCE[dtype])


@pytest.mark.parametrize("name", MODELS)
def test_kept_values_are_valid_for_both_matrices(name):
    case, rng = Case(name), np.random.default_rng(6)
    v, w = rng.normal(size=(2, case.weights.size))
    products, recomputed = (Products(case.model, case.part) for _ in range(2))
    products.product(case.weights, v)
    for gauss_newton in (True, False):
        kept = products.product(case.weights, w, gauss_newton=gauss_newton, fresh=False)
        np.testing.assert_array_equal(kept, recomputed.product(case.weights, w, gauss_newton=gauss_newton))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", MODELS)
def test_second_moments_equal_those_of_the_gradients_of_rows(name, dtype):
    case = Case(name, dtype)
    expected = np.mean(case.oracle(naive.gradients_of_rows, rows=ROWS) ** 2, axis=0)
    assert_close(Products(case.model, case.part, ROWS).second_moments(case.weights), expected, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", MODELS)
def test_fisher_equals_the_expectation_over_the_models_targets(name, dtype):
    case = Case(name, dtype)
    products = Products(case.model, case.part, ROWS)
    found = products.second_moments(case.weights, fisher=True)
    assert_close(found, case.oracle(naive.drawn_second_moments, rows=ROWS), TOLERANCE[dtype])
    assert_close(found, products.matrix(case.weights, gauss_newton=True).diagonal(), TOLERANCE[dtype])


@pytest.mark.parametrize("name", [name for name in MODELS if name != "linear"])
def test_a_nan_weight_makes_products_and_moments_nan(name):
    case, direction = Case(name), np.ones_like(Case(name).weights)
    case.weights[0] = np.nan
    products = Products(case.model, case.part)
    with np.errstate(all="ignore"):
        assert np.isnan(products.product(case.weights, direction)).any()
        assert np.isnan(products.product(case.weights, direction, gauss_newton=True)).any()
        assert np.isnan(products.second_moments(case.weights)).any()


@pytest.mark.parametrize("name", ["logistic", "softmax"])
def test_products_are_accurate_for_confident_outputs(name):
    # Probabilities of 1 − 1e-8 round to 1 in float32. The weights are multiples of 1/8, so that logits are exact in float32.
    single, double = Case(name, "float32"), Case(name)
    single.weights = double.weights = np.round(8 * 12 * double.weights) / 8
    z = double.oracle(lambda tensors, inputs, *_: naive.outputs(tensors, inputs, "relu")[-1])
    margin = np.abs(z[:, 0]) if name == "logistic" else np.diff(np.sort(z, axis=1))[:, -1]
    rows = np.flatnonzero(margin > 18)
    assert len(rows) > 20
    direction = np.random.default_rng(7).normal(size=double.weights.size)
    found, expected = (Products(case.model, case.part, rows).product(case.weights, direction) for case in (single, double))
    assert np.linalg.norm(expected) > 0
    assert_close(found, expected, 2e-5)


@pytest.mark.parametrize("name", ["relu-squared", "relu-binary", "relu-softmax"])
def test_rescaled_weights_give_the_same_function(name):
    case = Case(name)
    rescaled = case.model.curvature.rescaled(case.weights, 8.0)
    first, first_bias, second, *others = tensors_in(case.weights, case.model.layout)
    expected = [8 * first, 8 * first_bias, second / 8, *others]
    np.testing.assert_array_equal(rescaled, np.concatenate([tensor.ravel() for tensor in expected]))
    assert case.oracle(naive.network, rescaled)[0] == pytest.approx(case.oracle(naive.network)[0], rel=1e-12)


@pytest.mark.parametrize("name", ["linear", "logistic", "softmax", "deep", "sigmoid-softmax"])
def test_other_models_have_no_rescaled_weights(name):
    assert Case(name).model.curvature.rescaled is None
