"""Activations of the outputs of any layer.

In float32, tanh and sigmoid are computed from exponentials in vector instructions. A step of LeNet-5 would otherwise spend more
than half of its time on tanh.
"""

import numpy as np

from sweepgd.kernels.compiling import config, helper
from sweepgd.kernels.exponential import exponentials
from sweepgd.kernels.layers.layer_table import IDENTITY, RELU, TANH
from sweepgd.kernels.network import add_bias, times_derivative
from sweepgd.kernels.packing import panel_like
from sweepgd.kernels.views import block

# The number of values whose exponentials are computed at a time. They stay in the L1 cache.
PART = 1024
# Below this value, tanh is a polynomial, because 1 − e^(−2z) has few correct digits. The first omitted term is 1e-8 of the sum.
SMALL = 0.25


@helper
def exact(z, activation):
    """z ← tanh(z) or the sigmoid of z, by the functions of the C library."""
    one = z.dtype.type(1)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] = np.tanh(z[i, j]) if activation == TANH else one / (one + np.exp(-z[i, j]))


@helper
def tanh_from(e, z):
    """z ← tanh(z), with e = exp(−2|z|)."""
    real = z.dtype.type
    one, small, third = real(1), real(SMALL), real(1 / 3)
    fifth, seventh, ninth = real(2 / 15), real(17 / 315), real(62 / 2835)
    for j in range(z.shape[1]):
        value = z[0, j]
        square = value * value
        near = value - value * square * (third - square * (fifth - square * (seventh - square * ninth)))
        far = (one - e[0, j]) / (one + e[0, j])
        z[0, j] = near if abs(value) < small else (far if value > 0 else -far)


@helper
def sigmoid_from(e, z):
    """z ← 1/(1 + exp(−z)), with e = exp(−|z|)."""
    one = z.dtype.type(1)
    for j in range(z.shape[1]):
        z[0, j] = (e[0, j] if z[0, j] < 0 else one) / (one + e[0, j])


@helper
def in_vectors(z, activation):
    """z ← tanh(z) or the sigmoid of z, for z of shape (1, n)."""
    panel, factor = panel_like(z), z.dtype.type(-2 if activation == TANH else -1)
    for start in range(0, z.shape[1], PART):
        count = min(np.int64(PART), z.shape[1] - start)
        e, part = block(panel, 0, 1, count), block(z, start, 1, count)
        for j in range(count):
            e[0, j] = factor * abs(part[0, j])
        exponentials(panel, np.int64(0), count)
        if activation == TANH:
            tanh_from(e, part)
        else:
            sigmoid_from(e, part)


if config.DISABLE_JIT:
    in_vectors = exact


@helper
def activate_values(z, activation):
    """z ← activation(z), for z of shape (1, n)."""
    zero = z.dtype.type(0)
    if activation == RELU:
        for j in range(z.shape[1]):
            z[0, j] = zero if z[0, j] < 0 else z[0, j]  # NaN stays NaN
    elif activation != IDENTITY:
        if z.itemsize == 4:
            in_vectors(z, activation)
        else:
            exact(z, activation)


@helper
def activation_back(delta, h, activation):
    """delta ← activation'(z)·delta, computed from h = activation(z)."""
    if activation != IDENTITY:
        times_derivative(delta, h, activation)


@helper
def add_bias_or_rectify(z, bias, rectify):
    """z ← z + b, or with `rectify` max(0, z + b). z is (rows, columns), and b is (columns,)."""
    if not rectify:
        add_bias(z, bias)
        return
    zero = z.dtype.type(0)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            value = z[i, j] + bias[j]
            z[i, j] = zero if value < 0 else value


@helper
def in_wide_rows(work, start, rows, columns, bias, rectify):
    """Do `add_bias_or_rectify` with several rows as one, because rows of a few columns are slow. Return the number of rows that
    are done. For the first convolution of LeNet-5 with 6 columns, this takes 0.6 µs an image instead of 3.
    """
    together = PART // columns
    if together < 2 or rows < 4 * together:
        return np.int64(0)
    repeated, wide = panel_like(work), rows // together
    for i in range(together):
        for j in range(columns):
            repeated[i * columns + j] = bias[j]
    add_bias_or_rectify(block(work, start, wide, together * columns), repeated, rectify)
    return wide * together


def _none_in_wide_rows(work, start, rows, columns, bias, rectify):
    return 0


if config.DISABLE_JIT:
    in_wide_rows = _none_in_wide_rows


@helper
def activate_biased(work, start, rows, columns, bias, activation):
    """Replace z, (rows, columns), from index `start` of `work`, by activation(z + b). b is (columns,)."""
    rectify = activation == RELU
    done = in_wide_rows(work, start, rows, columns, bias, rectify)
    add_bias_or_rectify(block(work, start + done * columns, rows - done, columns), bias, rectify)
    if not rectify:
        activate_values(block(work, start, 1, rows * columns), activation)
