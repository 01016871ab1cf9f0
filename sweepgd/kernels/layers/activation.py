"""Activations of the outputs of any layer."""

import numpy as np

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.layers.layer_table import IDENTITY, RELU, TANH
from sweepgd.kernels.network import activate, add_bias, times_derivative


@helper
def activate_biased(z, bias, activation):
    """z ← activation(z + b) in each row. z is (rows, outputs), and bias is (outputs,)."""
    if activation == IDENTITY:
        add_bias(z, bias)
    else:
        activate(z, bias, activation)


@helper
def activate_values(z, activation):
    """z ← activation(z)."""
    zero, one = z.dtype.type(0), z.dtype.type(1)
    if activation == IDENTITY:
        return
    for i in range(z.shape[0]):
        if activation == RELU:
            for j in range(z.shape[1]):
                z[i, j] = zero if z[i, j] < 0 else z[i, j]  # NaN stays NaN
        else:
            for j in range(z.shape[1]):
                z[i, j] = np.tanh(z[i, j]) if activation == TANH else one / (one + np.exp(-z[i, j]))


@helper
def activation_back(delta, h, activation):
    """delta ← activation'(z)·delta, computed from h = activation(z)."""
    if activation != IDENTITY:
        times_derivative(delta, h, activation)
