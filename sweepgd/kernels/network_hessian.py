"""Products with the Hessian and the Gauss-Newton matrix of fully connected networks, and second moments of their gradients.

Let h = σ(z), let δ be the derivative of the loss with respect to z, and let R{·} be the derivative along a direction of weights
V and biases c (Pearlmutter 1994). The Hessian product is R of the gradient:

    Rz_l = Rh_{l−1}·W_l + h_{l−1}·V_l + c_l        Rh_l = σ'·Rz_l
    Rδ_L = C·Rz_L, with C the loss' Hessian with respect to z   Rδ_{l−1} = σ'·(Rδ_l·W_lᵀ + δ_l·V_lᵀ) + σ''·Rz_{l−1}·(δ_l·W_lᵀ)
    R∇W_l = h_{l−1}ᵀ·Rδ_l + Rh_{l−1}ᵀ·δ_l          R∇b_l = Σ_rows Rδ_l

Without the terms in δ, the result is the product with the Gauss-Newton matrix (Schraudolph 2002). h and δ of all layers do not
depend on the direction and are kept for the next direction. A Hessian product then takes 2 matrix products of the size of the
first layer, and 6 matrix products of the size of each other layer. For a gradient, the two numbers are 2 and 3. For a Hessian
product without kept values, the numbers are 3 and 8.

`kept` holds h of all layers, beginning with the inputs, and then δ of all layers except the inputs. `work` holds Rh and then Rδ
of all layers except the inputs. Therefore h and δ of a layer have a fixed distance in `kept`, and Rh and Rδ in `work`.
"""

import numpy as np

from sweepgd.core.layout import FAN_IN, FAN_OUT, OFFSET
from sweepgd.kernels.compiling import helper
from sweepgd.kernels.loss_hessian import covariance_factor, covariance_factors, residuals, times_covariance, to_probabilities
from sweepgd.kernels.losses import SOFTMAX
from sweepgd.kernels.matmul import multiply, multiply_transposed
from sweepgd.kernels.network import RELU, TANH, add_bias, forward, gather, sum_of_rows, times_derivative
from sweepgd.kernels.views import block, flat

# The number of rows that are processed at a time. 256 and 768 rows were not faster for the digits and the Fashion-MNIST
# networks.
CHUNK = 512


def kept(widths: tuple[int, ...], batch: int) -> int:
    """Return the length of the array that `product` keeps for `batch` rows. The array holds the activations and derivatives of
    all layers.
    """
    return batch * (sum(widths) + sum(widths[1:]))


def workspace(widths: tuple[int, ...], batch: int) -> int:
    """Return the length of scratch memory for `batch` rows, which suffices for `product` and for `second_moments`."""
    of_product = 2 * sum(widths[1:]) + max(widths[1:])
    of_moments = 2 * sum(widths) + 3 * max(widths[1:])
    return batch * max(of_product, of_moments)


@helper
def widths_of(layout):
    """Return the sum and the maximum of the widths of all layers after the inputs."""
    total, widest = 0, 0
    for row in range(0, layout.shape[0], 2):
        total += layout[row, FAN_OUT]
        widest = max(widest, layout[row, FAN_OUT])
    return total, widest


@helper
def forward_derivative(rz, constant, h, delta, activation, rdelta):
    """rz ← Rh = σ'·(rz + c) and rdelta ← σ''·Rz·(δ·Wᵀ), for a hidden layer with h = σ(z) and delta = σ'·(δ·Wᵀ)."""
    zero, one, two = h.dtype.type(0), h.dtype.type(1), h.dtype.type(2)
    for i in range(h.shape[0]):
        if activation == RELU:
            for j in range(h.shape[1]):
                value = rz[i, j] + constant[j]
                rz[i, j] = zero if h[i, j] <= 0 else value
        elif activation == TANH:
            for j in range(h.shape[1]):
                value = rz[i, j] + constant[j]
                rz[i, j] = (one - h[i, j] * h[i, j]) * value
                rdelta[i, j] = -two * h[i, j] * delta[i, j] * value
        else:
            for j in range(h.shape[1]):
                value = rz[i, j] + constant[j]
                rz[i, j] = h[i, j] * (one - h[i, j]) * value
                rdelta[i, j] = (one - two * h[i, j]) * delta[i, j] * value


@helper
def backward_derivative(upstream, h, activation, rdelta, gauss_newton):
    """rdelta ← Rδ = σ'·upstream, plus the σ'' term that `forward_derivative` left in rdelta. With `gauss_newton`, the σ'' term
    is omitted.
    """
    zero, one = h.dtype.type(0), h.dtype.type(1)
    for i in range(h.shape[0]):
        if activation == RELU:
            for j in range(h.shape[1]):
                rdelta[i, j] = zero if h[i, j] <= 0 else upstream[i, j]
        elif activation == TANH:
            for j in range(h.shape[1]):
                rdelta[i, j] = (zero if gauss_newton else rdelta[i, j]) + (one - h[i, j] * h[i, j]) * upstream[i, j]
        else:
            for j in range(h.shape[1]):
                rdelta[i, j] = (zero if gauss_newton else rdelta[i, j]) + h[i, j] * (one - h[i, j]) * upstream[i, j]


@helper
def forward_and_backward(theta, inputs, targets, rows, layout, activation, loss, kept, work):
    """Write h and δ of all layers to `kept`, and return the index of the last z in `kept`."""
    layers, batch = layout.shape[0] // 2, rows.size
    gather(inputs, rows, block(kept, 0, batch, inputs.shape[1]))
    z = forward(theta, layout, activation, kept, 0, batch, kept)
    outputs = layout[2 * layers - 2, FAN_OUT]
    to_delta = z + batch * outputs - batch * layout[0, FAN_IN]  # distance from h to δ of the same layer
    y = block(work, 0, batch, targets.shape[1])
    gather(targets, rows, y)
    if loss == SOFTMAX:
        to_probabilities(block(kept, z, batch, outputs))
    residuals(block(kept, z, batch, outputs), y, loss, theta.dtype.type(1.0 / batch), block(kept, z + to_delta, batch, outputs))
    for layer in range(layers - 1, 0, -1):
        fan_in, fan_out = layout[2 * layer, FAN_IN], layout[2 * layer, FAN_OUT]
        h = z - batch * fan_in
        offset = layout[2 * layer, OFFSET]
        multiply_transposed(kept, z + to_delta, theta, offset, kept, h + to_delta, batch, fan_out, fan_in, False)
        times_derivative(block(kept, h + to_delta, batch, fan_in), block(kept, h, batch, fan_in), activation)
        z = h


def product(theta, direction, buffers, inputs, targets, rows, layout, settings, gauss_newton, fresh, kept, work, out):
    """Write the Hessian (or Gauss-Newton matrix) of the mean loss over `rows` times `direction` to `out`.

    Without `fresh`, `kept` holds h and δ of an earlier call with the same parameters and rows.
    """
    theta, direction, kept, work, out = flat(theta), flat(direction), flat(kept), flat(work), flat(out)
    activation, loss = int(settings[0]), int(settings[1])
    layers, batch = layout.shape[0] // 2, rows.size
    total, _ = widths_of(layout)
    first, size = batch * layout[0, FAN_IN], batch * total
    upstream = 2 * size
    if fresh:
        forward_and_backward(theta, inputs, targets, rows, layout, activation, loss, kept, work)

    # h and δ of a layer are at `at` and `at + size` in kept, Rh and Rδ at `at - first` and `at - first + size` in work.
    at = 0
    for layer in range(layers):
        fan_in, fan_out = layout[2 * layer, FAN_IN], layout[2 * layer, FAN_OUT]
        offset, bias = layout[2 * layer, OFFSET], layout[2 * layer + 1, OFFSET]
        after = at + batch * fan_in
        rz = block(work, after - first, batch, fan_out)
        multiply(kept, at, fan_in, 1, direction, offset, work, after - first, batch, fan_in, fan_out, False)
        if layer > 0:
            multiply(work, at - first, fan_in, 1, theta, offset, work, after - first, batch, fan_in, fan_out, True)
        h, rdelta = block(kept, after, batch, fan_out), block(work, after - first + size, batch, fan_out)
        if layer + 1 < layers:
            delta = block(kept, after + size, batch, fan_out)
            forward_derivative(rz, direction[bias : bias + fan_out], h, delta, activation, rdelta)
        else:
            add_bias(rz, direction[bias : bias + fan_out])
            times_covariance(h, loss, theta.dtype.type(1.0 / batch), rz, rdelta)
        at = after

    for layer in range(layers - 1, -1, -1):
        fan_in, fan_out = layout[2 * layer, FAN_IN], layout[2 * layer, FAN_OUT]
        offset, bias = layout[2 * layer, OFFSET], layout[2 * layer + 1, OFFSET]
        before, rdelta_at = at - batch * fan_in, at - first + size
        multiply(kept, before, 1, fan_in, work, rdelta_at, out, offset, fan_in, batch, fan_out, False)
        sum_of_rows(work, rdelta_at, batch, fan_out, upstream, False, out, bias)
        if layer > 0:
            if not gauss_newton:
                multiply(work, before - first, 1, fan_in, kept, at + size, out, offset, fan_in, batch, fan_out, True)
            multiply_transposed(work, rdelta_at, theta, offset, work, upstream, batch, fan_out, fan_in, False)
            if not gauss_newton:
                multiply_transposed(kept, at + size, direction, offset, work, upstream, batch, fan_out, fan_in, True)
            h, rdelta = block(kept, before, batch, fan_in), block(work, before - first + size, batch, fan_in)
            backward_derivative(block(work, upstream, batch, fan_in), h, activation, rdelta, gauss_newton)
        at = before


@helper
def squares(numbers, start, count, out, out_at):
    """Write the squares of `count` numbers, from index `start`, to `out`, from index `out_at`."""
    for i in range(count):
        out[out_at + i] = numbers[start + i] * numbers[start + i]


def second_moments(theta, buffers, inputs, targets, rows, layout, settings, fisher, work, out):
    """Write the mean over `rows` of the squared gradient of each row to `out`.

    With `fisher`, write instead the expectation of this mean over targets drawn from the model's distribution. The gradient of
    W for one row is hᵀ·δ, so that its square is the product of the squares of h and δ. The expectation of δ² is a sum over
    backward passes, which start at the outputs with the vectors v of Σ vvᵀ = C.
    """
    theta, work, out = flat(theta), flat(work), flat(out)
    activation, loss = int(settings[0]), int(settings[1])
    layers, batch = layout.shape[0] // 2, rows.size
    total, widest = widths_of(layout)
    outputs = layout[2 * layers - 2, FAN_OUT]

    gather(inputs, rows, block(work, 0, batch, inputs.shape[1]))
    end = forward(theta, layout, activation, work, 0, batch, work)
    z = block(work, end, batch, outputs)
    if loss == SOFTMAX:
        to_probabilities(z)
    size = batch * (layout[0, FAN_IN] + total)
    squares(work, 0, size, work, size)
    delta = 2 * size
    upstream = delta + batch * widest
    squared = upstream + batch * widest

    out[:] = 0
    scale = theta.dtype.type(1.0 / np.sqrt(batch))
    for number in range(covariance_factors(loss, outputs) if fisher else 1):
        if fisher:
            covariance_factor(z, loss, number, scale, block(work, delta, batch, outputs))
        else:
            y = block(work, squared, batch, targets.shape[1])
            gather(targets, rows, y)
            residuals(z, y, loss, scale, block(work, delta, batch, outputs))
        h = end
        for layer in range(layers - 1, -1, -1):
            fan_in, fan_out = layout[2 * layer, FAN_IN], layout[2 * layer, FAN_OUT]
            offset, bias = layout[2 * layer, OFFSET], layout[2 * layer + 1, OFFSET]
            h -= batch * fan_in
            squares(work, delta, batch * fan_out, work, squared)
            multiply(work, size + h, 1, fan_in, work, squared, out, offset, fan_in, batch, fan_out, True)
            sum_of_rows(work, squared, batch, fan_out, upstream, True, out, bias)
            if layer > 0:
                multiply_transposed(work, delta, theta, offset, work, upstream, batch, fan_out, fan_in, False)
                times_derivative(block(work, upstream, batch, fan_in), block(work, h, batch, fan_in), activation)
                delta, upstream = upstream, delta
