"""Loss and gradient of linear, logistic and softmax regression and of networks equal plain NumPy and central differences."""

import naive
import numpy as np
import pytest
from kernel_calls import evaluation_with_gradient, loss_and_error, loss_and_gradient, predictions
from kernels.cases import MODELS, ROWS, Case, assert_close
from scipy.special import logsumexp, softmax

from sweepgd.core.layout import tensors_in
from sweepgd.kernels.losses import SOFTMAX, losses

TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
BATCHES = {
    "all": np.arange(ROWS),
    "one": np.array([17]),
    "some-in-any-order": np.array([250, 3, 41, 3, 299, 0, 77]),
}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", MODELS)
def test_loss_and_gradient_equal_the_oracle(name, batch, dtype):
    case, rows = Case(name, dtype), BATCHES[batch]
    loss, gradient = loss_and_gradient(case.model, case.weights, case.part, rows)
    expected_loss, expected_gradient = case.oracle(naive.network, rows=rows)
    assert loss == pytest.approx(expected_loss, rel=TOLERANCE[dtype])
    assert_close(gradient, expected_gradient, TOLERANCE[dtype])
    assert gradient.dtype == dtype


@pytest.mark.parametrize("name", MODELS)
def test_gradient_equals_central_differences(name):
    case, rows, h = Case(name), np.arange(20), 1e-5
    _, gradient = loss_and_gradient(case.model, case.weights, case.part, rows)
    differences = [
        (
            loss_and_gradient(case.model, case.weights + step, case.part, rows)[0]
            - loss_and_gradient(case.model, case.weights - step, case.part, rows)[0]
        )
        / (2 * h)
        for step in h * np.eye(case.weights.size)
    ]
    assert_close(gradient, differences, 1e-6)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", MODELS)
def test_evaluation_in_chunks_equals_the_oracle(name, dtype):
    case = Case(name, dtype)
    loss, error = loss_and_error(case.model, case.weights, case.part)
    assert loss == pytest.approx(case.oracle(naive.network)[0], rel=TOLERANCE[dtype])
    if case.loss == "squared":
        assert np.isnan(error)
    else:
        assert error == case.oracle(naive.share_wrong)
        assert 0 < error < 1


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", MODELS)
def test_an_evaluation_with_gradient_in_chunks_equals_the_oracle(name, dtype):
    case = Case(name, dtype)
    if case.model.evaluate_with_gradient is None:  # models with one output use two passes, which take microseconds
        assert name in ("linear", "logistic")
        return
    loss, error, gradient = evaluation_with_gradient(case.model, case.weights, case.part)
    expected_loss, expected_gradient = case.oracle(naive.network)
    assert loss == pytest.approx(expected_loss, rel=TOLERANCE[dtype])
    np.testing.assert_equal(error, loss_and_error(case.model, case.weights, case.part)[1])
    assert_close(gradient, expected_gradient, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", MODELS)
def test_predicted_outputs_in_chunks_equal_the_oracle(name, dtype):
    case = Case(name, dtype)
    tensors = tensors_in(case.weights.astype(np.float64), case.model.layout)
    expected = naive.outputs(tensors, case.part.inputs.astype(np.float64), case.activation)[-1]
    assert_close(predictions(case.model, case.weights, case.part.inputs), expected, TOLERANCE[dtype])


@pytest.mark.parametrize("classes", [3, 1000])
def test_the_loss_of_many_rows_is_the_mean_of_their_losses(classes):
    """Logarithms of the rows' sums are taken of products of many, which would overflow without a limit."""
    rng = np.random.default_rng(classes)
    z, y = rng.normal(size=(400, classes)), rng.integers(0, classes, (400, 1)).astype(float)
    each = [losses(z[i : i + 1], y[i : i + 1], SOFTMAX, 1.0, np.empty((1, classes))) for i in range(400)]
    derivative = np.empty_like(z)
    assert losses(z, y, SOFTMAX, 1.0, derivative) == pytest.approx(sum(each), rel=1e-13)
    assert sum(each) == pytest.approx(logsumexp(z, axis=1).sum() - np.take_along_axis(z, y.astype(int), 1).sum(), rel=1e-12)
    np.testing.assert_allclose(derivative, softmax(z, axis=1) - (np.arange(classes) == y), atol=1e-12)


@pytest.mark.parametrize(("weight", "value"), [(0, np.nan), (-1, np.nan), (-1, np.inf)])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", MODELS)
def test_a_weight_that_is_not_finite_makes_the_loss_so(name, dtype, weight, value):
    case = Case(name, dtype)
    case.weights[weight] = value  # the last is an output's bias: activations may hide an infinite weight of a hidden layer
    with np.errstate(all="ignore"):
        assert not np.isfinite(loss_and_gradient(case.model, case.weights, case.part)[0])
        assert not np.isfinite(loss_and_error(case.model, case.weights, case.part)[0])


@pytest.mark.parametrize("name", ["logistic", "softmax", "relu-binary", "relu-softmax"])
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_cross_entropy_of_large_outputs_is_finite(name, dtype):
    case = Case(name, dtype)
    case.weights *= 1000
    with np.errstate(over="ignore"):
        loss, gradient = loss_and_gradient(case.model, case.weights, case.part)
    outputs = case.oracle(lambda tensors, inputs, targets, activation, loss: naive.outputs(tensors, inputs, activation))
    assert np.abs(outputs[-1]).max() > 1000
    assert np.isfinite(loss)
    assert np.isfinite(gradient).all()
