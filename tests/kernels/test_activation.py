"""tanh and sigmoid of networks of layers equal those of NumPy, also for small, large and non-finite values."""

import numpy as np
import pytest

from sweepgd.kernels.layers.activation import activate_values
from sweepgd.kernels.layers.layer_table import SIGMOID, TANH

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
