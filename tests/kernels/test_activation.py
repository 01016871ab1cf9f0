"""tanh and sigmoid of networks of layers equal those of NumPy, also for small, large and non-finite values."""

import numpy as np
import pytest

from sweepgd.kernels.layers.activation import activate_biased, activate_values
from sweepgd.kernels.layers.layer_table import IDENTITY, RELU, SIGMOID, TANH

VALUES = np.concatenate([np.linspace(-30, 30, 3001), np.geomspace(1e-30, 1, 100), [0.0, np.inf, -np.inf, np.nan]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations_equal_those_of_numpy(dtype):
    values = VALUES.astype(dtype)
    with np.errstate(over="ignore"):
        expected = {TANH: np.tanh(values), SIGMOID: 1 / (1 + np.exp(-values.astype("float64")))}
    for activation, correct in expected.items():
        z = values.reshape(1, -1).copy()
        with np.errstate(over="ignore"):
            activate_values(z, activation)
        np.testing.assert_allclose(z[0], correct, rtol=1e-6 if dtype == "float32" else 1e-14, atol=1e-37)


@pytest.mark.parametrize("activation", [RELU, TANH, IDENTITY])
def test_biases_of_a_few_columns_and_many_rows(activation):
    rng = np.random.default_rng(3)
    z, bias = rng.normal(size=(3000, 3)), rng.normal(size=3)
    work = np.concatenate([[np.nan], z.ravel(), [np.nan]])
    activate_biased(work, 1, 3000, 3, bias, activation)
    expected = {RELU: lambda x: np.maximum(x, 0), TANH: np.tanh, IDENTITY: lambda x: x}[activation](z + bias)
    np.testing.assert_allclose(work[1:-1].reshape(3000, 3), expected, rtol=1e-14)
    assert np.isnan(work[[0, -1]]).all()
