"""Products with the Hessian and the Gauss-Newton matrix of fully connected networks, and second moments of their gradients.

With h = σ(z) and δ the derivative of the loss in z, R{·} is the derivative along a direction V, c of the weights and biases
(Pearlmutter 1994), and R of the gradient is the product:

    Rz_l = Rh_{l−1}·W_l + h_{l−1}·V_l + c_l        Rh_l = σ'·Rz_l
    Rδ_L = C·Rz_L, with C the loss' Hessian in z   Rδ_{l−1} = σ'·(Rδ_l·W_lᵀ + δ_l·V_lᵀ) + σ''·Rz_{l−1}·(δ_l·W_lᵀ)
    R∇W_l = h_{l−1}ᵀ·Rδ_l + Rh_{l−1}ᵀ·δ_l          R∇b_l = Σ_rows Rδ_l

The Gauss-Newton matrix (Schraudolph 2002) is what is left without the terms in δ. What does not depend on V, h and δ of every
layer, is kept from one direction to the next: a product then takes 2 matrix products of the first layer's size and 6 of the
others', where a gradient takes 2 and 3, and beginning anew 3 and 8.

`kept` holds h of all layers end to end, the inputs first, then δ of all layers but the inputs; `work` holds Rh, then Rδ, of
all layers but the inputs. So what belongs to one layer is a fixed number of places apart.
"""

from itertools import pairwise

import numpy as np

from sweepgd.kernels.loss_curvature import residuals, root, roots, times_covariance, to_probabilities
from sweepgd.kernels.losses import SOFTMAX
from sweepgd.kernels.network import RELU, TANH, add_bias, add_rows, forward, gather, sum_of_rows, times_derivative, transpose
from sweepgd.kernels.policy import helper
from sweepgd.kernels.products import multiply, multiply_add
from sweepgd.kernels.views import block, flat
from sweepgd.layout import FAN_IN, FAN_OUT, OFFSET

# Rows at a time: 256 and 768 were no faster, on the digits and on the Fashion-MNIST network.
CHUNK = 512


def kept(widths: tuple[int, ...], batch: int) -> int:
    """Reals that `product` keeps for `batch` rows: activations and derivatives of every layer."""
    return batch * (sum(widths) + sum(widths[1:]))


def workspace(widths: tuple[int, ...], batch: int) -> int:
    """Reals of scratch memory for `batch` rows, the larger of what `product` and `second_moments` take, and a transposed W."""
    of_product = 2 * sum(widths[1:]) + max(widths[1:])
    of_moments = 2 * sum(widths) + 3 * max(widths[1:])
    return batch * max(of_product, of_moments) + max((fan_in * fan_out for fan_in, fan_out in pairwise(widths[1:])), default=0)


@helper
def widths_of(layout):
    """Of the layers after the inputs: their widths added up, and the widest."""
    total, widest = 0, 0
    for row in range(0, layout.shape[0], 2):
        total += layout[row, FAN_OUT]
        widest = max(widest, layout[row, FAN_OUT])
    return total, widest


@helper
def through_weights(delta, delta_at, theta, offset, out, out_at, batch, fan_in, fan_out, add, work, spare):
    """out = delta·Wᵀ, (batch, fan_in), or where `add` out += …; there is room for Wᵀ at `spare`.

    A product with a transposed copy is as fast as any: along the rows of W, 512 rows of 64 run at 73 GFLOP/s instead of 117.
    """
    transpose(block(theta, offset, fan_in, fan_out), block(work, spare, fan_out, fan_in))
    if add:
        multiply_add(delta, delta_at, fan_out, 1, work, spare, out, out_at, batch, fan_out, fan_in)
    else:
        multiply(delta, delta_at, fan_out, 1, work, spare, out, out_at, batch, fan_out, fan_in)


@helper
def bend(rz, constant, h, delta, activation, bent):
    """rz ← Rh = σ'·(rz + c), and bent ← σ''·Rz·(δ·Wᵀ) of a hidden layer with h = σ(z) and delta = σ'·(δ·Wᵀ)."""
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
                bent[i, j] = -two * h[i, j] * delta[i, j] * value
        else:
            for j in range(h.shape[1]):
                value = rz[i, j] + constant[j]
                rz[i, j] = h[i, j] * (one - h[i, j]) * value
                bent[i, j] = (one - two * h[i, j]) * delta[i, j] * value


@helper
def straighten(arriving, h, activation, bent, gauss_newton):
    """bent ← Rδ = σ'·arriving, plus the bent of before where σ'' is not 0 and is not left out."""
    zero, one = h.dtype.type(0), h.dtype.type(1)
    for i in range(h.shape[0]):
        if activation == RELU:
            for j in range(h.shape[1]):
                bent[i, j] = zero if h[i, j] <= 0 else arriving[i, j]
        elif activation == TANH:
            for j in range(h.shape[1]):
                bent[i, j] = (zero if gauss_newton else bent[i, j]) + (one - h[i, j] * h[i, j]) * arriving[i, j]
        else:
            for j in range(h.shape[1]):
                bent[i, j] = (zero if gauss_newton else bent[i, j]) + h[i, j] * (one - h[i, j]) * arriving[i, j]


@helper
def remember(theta, inputs, targets, rows, layout, activation, loss, kept, work, spare):
    """Fills `kept` with h and δ of every layer; returns where the last z begins."""
    layers, batch = layout.shape[0] // 2, rows.size
    gather(inputs, rows, block(kept, 0, batch, inputs.shape[1]))
    z = forward(theta, layout, activation, kept, 0, batch, kept)
    outputs = layout[2 * layers - 2, FAN_OUT]
    apart = z + batch * outputs - batch * layout[0, FAN_IN]  # from h to δ of the same layer
    y = block(work, 0, batch, targets.shape[1])
    gather(targets, rows, y)
    if loss == SOFTMAX:
        to_probabilities(block(kept, z, batch, outputs))
    residuals(block(kept, z, batch, outputs), y, loss, theta.dtype.type(1.0 / batch), block(kept, z + apart, batch, outputs))
    for layer in range(layers - 1, 0, -1):
        fan_in, fan_out = layout[2 * layer, FAN_IN], layout[2 * layer, FAN_OUT]
        h = z - batch * fan_in
        offset = layout[2 * layer, OFFSET]
        through_weights(kept, z + apart, theta, offset, kept, h + apart, batch, fan_in, fan_out, False, work, spare)
        times_derivative(block(kept, h + apart, batch, fan_in), block(kept, h, batch, fan_in), activation)
        z = h


def product(theta, direction, buffers, inputs, targets, rows, layout, settings, gauss_newton, fresh, kept, work, out):
    """Writes the mean over `rows` of Hessian, or Gauss-Newton matrix, times `direction`, to `out`."""
    theta, direction, kept, work, out = flat(theta), flat(direction), flat(kept), flat(work), flat(out)
    activation, loss = int(settings[0]), int(settings[1])
    layers, batch = layout.shape[0] // 2, rows.size
    total, widest = widths_of(layout)
    first, size = batch * layout[0, FAN_IN], batch * total
    arriving = 2 * size
    spare = arriving + batch * widest
    if fresh:
        remember(theta, inputs, targets, rows, layout, activation, loss, kept, work, spare)

    # h and δ of a layer are at `at` and `at + size` in kept, Rh and Rδ at `at - first` and `at - first + size` in work.
    at = 0
    for layer in range(layers):
        fan_in, fan_out = layout[2 * layer, FAN_IN], layout[2 * layer, FAN_OUT]
        offset, bias = layout[2 * layer, OFFSET], layout[2 * layer + 1, OFFSET]
        after = at + batch * fan_in
        rz = block(work, after - first, batch, fan_out)
        multiply(kept, at, fan_in, 1, direction, offset, work, after - first, batch, fan_in, fan_out)
        if layer > 0:
            multiply_add(work, at - first, fan_in, 1, theta, offset, work, after - first, batch, fan_in, fan_out)
        h, bent = block(kept, after, batch, fan_out), block(work, after - first + size, batch, fan_out)
        if layer + 1 < layers:
            delta = block(kept, after + size, batch, fan_out)
            bend(rz, direction[bias : bias + fan_out], h, delta, activation, bent)
        else:
            add_bias(rz, direction[bias : bias + fan_out])
            times_covariance(h, loss, theta.dtype.type(1.0 / batch), rz, bent)
        at = after

    for layer in range(layers - 1, -1, -1):
        fan_in, fan_out = layout[2 * layer, FAN_IN], layout[2 * layer, FAN_OUT]
        offset, bias = layout[2 * layer, OFFSET], layout[2 * layer + 1, OFFSET]
        before, rdelta = at - batch * fan_in, at - first + size
        multiply(kept, before, 1, fan_in, work, rdelta, out, offset, fan_in, batch, fan_out)
        sum_of_rows(block(work, rdelta, batch, fan_out), out[bias : bias + fan_out])
        if layer > 0:
            if not gauss_newton:
                multiply_add(work, before - first, 1, fan_in, kept, at + size, out, offset, fan_in, batch, fan_out)
            through_weights(work, rdelta, theta, offset, work, arriving, batch, fan_in, fan_out, False, work, spare)
            if not gauss_newton:
                through_weights(kept, at + size, direction, offset, work, arriving, batch, fan_in, fan_out, True, work, spare)
            h, bent = block(kept, before, batch, fan_in), block(work, before - first + size, batch, fan_in)
            straighten(block(work, arriving, batch, fan_in), h, activation, bent, gauss_newton)
        at = before


@helper
def squares(numbers, start, count, out, out_at):
    for i in range(count):
        out[out_at + i] = numbers[start + i] * numbers[start + i]


def second_moments(theta, buffers, inputs, targets, rows, layout, settings, fisher, work, out):
    """Writes the mean over `rows` of each row's squared gradient to `out`; with `fisher` its expectation over drawn targets.

    A row's gradient of W is hᵀ·δ, and its square the product of the squares. In expectation over targets δ² is that of the
    backward passes that begin with vectors v, Σ vvᵀ = C, at the outputs.
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
    arriving = delta + batch * widest
    squared = arriving + batch * widest
    spare = squared + batch * widest

    out[:] = 0
    scale = theta.dtype.type(1.0 / np.sqrt(batch))
    for number in range(roots(loss, outputs) if fisher else 1):
        if fisher:
            root(z, loss, number, scale, block(work, delta, batch, outputs))
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
            multiply_add(work, size + h, 1, fan_in, work, squared, out, offset, fan_in, batch, fan_out)
            add_rows(block(work, squared, batch, fan_out), out[bias : bias + fan_out])
            if layer > 0:
                through_weights(work, delta, theta, offset, work, arriving, batch, fan_in, fan_out, False, work, spare)
                times_derivative(block(work, arriving, batch, fan_in), block(work, h, batch, fan_in), activation)
                delta, arriving = arriving, delta
