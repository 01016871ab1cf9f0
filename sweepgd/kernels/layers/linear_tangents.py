"""Derivatives along a direction of convolutions, dense layers, activations and maxima, and of their backward passes.

R{·} is the derivative along a direction V of the parameters (Pearlmutter 1994, section 4). `rh` is the index of R of a layer's
input, and `rdelta` that of R of the derivative of the loss with respect to its output.
"""

import numpy as np

from sweepgd.core.layout import OFFSET
from sweepgd.kernels.compiling import helper, inlined
from sweepgd.kernels.layers.convolution import are_patches, patches_of, sizes_of
from sweepgd.kernels.layers.layer_table import (
    CHANNELS,
    HEIGHT,
    IDENTITY,
    KERNEL_HEIGHT,
    KERNEL_WIDTH,
    OUT_HEIGHT,
    OUT_WIDTH,
    PAD_LEFT,
    PAD_TOP,
    RELU,
    STRIDE,
    TANH,
    TENSOR,
    WIDTH,
)
from sweepgd.kernels.layers.patches import clear, copy_patches
from sweepgd.kernels.layers.pooling import window
from sweepgd.kernels.matmul import multiply, multiply_transposed
from sweepgd.kernels.network import add_bias, times_derivative
from sweepgd.kernels.views import block


@inlined
def convolve_tangent(theta, direction, layout, table, layer, work, h, rh, output, batch, scratch):
    """Write Rz = h·V + Rh·W + c for `batch` images, without Rh·W if the index `rh` is negative."""
    row = int(table[layer, TENSOR])
    filters, size, pixels, area, group = sizes_of(table, layer, batch)
    weights, bias = layout[row, OFFSET], layout[row + 1, OFFSET]
    for first in range(0, batch, group):
        count = min(group, batch - first)
        z, rows = output + first * pixels * filters, count * pixels
        at, a_row, a_inner = patches_of(table, layer, work, h + first * area, count, scratch)
        multiply(work, at, a_row, a_inner, direction, weights, work, z, rows, size, filters, np.bool_(False))
        if rh >= 0:
            at, a_row, a_inner = patches_of(table, layer, work, rh + first * area, count, scratch)
            multiply(work, at, a_row, a_inner, theta, weights, work, z, rows, size, filters, np.bool_(True))
        add_bias(block(work, z, rows, filters), direction[bias : bias + filters])


@inlined
def convolve_tangent_back(
    theta, direction, layout, table, layer, work, h, rh, delta, rdelta, batch, scratch, gauss_newton, out, add, to_h, add_h
):  # fmt: skip
    """Write hᵀ·Rδ + Rhᵀ·δ and the sums of Rδ to `out`, or with `add` add them. Write Rδ·Wᵀ + δ·Vᵀ to index `to_h`, or with
    `add_h` add it, if the index is not negative. With `gauss_newton`, the terms in δ are omitted.
    """
    row = int(table[layer, TENSOR])
    filters, size, pixels, area, group = sizes_of(table, layer, batch)
    weights, bias, zero, one = layout[row, OFFSET], layout[row + 1, OFFSET], np.int64(0), np.int64(1)
    work[scratch] = 1  # the sums of the columns are the product of a row of ones and Rδ
    multiply(work, scratch, zero, zero, work, rdelta, out, bias, one, batch * pixels, filters, np.bool_(add))
    same = are_patches(table, layer)
    if to_h >= 0 and not same and not add_h:
        clear(work, to_h, batch * area)
    for first in range(0, batch, group):
        count = min(group, batch - first)
        shift, rows = first * pixels * filters, count * pixels
        d, rd = delta + shift, rdelta + shift
        at, a_row, a_inner = patches_of(table, layer, work, h + first * area, count, scratch)
        multiply(work, at, a_inner, a_row, work, rd, out, weights, size, rows, filters, np.bool_(add or first > 0))
        if rh >= 0 and not gauss_newton:
            at, a_row, a_inner = patches_of(table, layer, work, rh + first * area, count, scratch)
            multiply(work, at, a_inner, a_row, work, d, out, weights, size, rows, filters, np.bool_(True))
        if to_h >= 0:
            back = to_h + first * area if same else scratch
            multiply_transposed(work, rd, theta, weights, work, back, rows, filters, size, np.bool_(same and add_h))
            if not gauss_newton:
                multiply_transposed(work, d, direction, weights, work, back, rows, filters, size, np.bool_(True))
            if not same:
                copy_patches(table, layer, work, to_h + first * area, count, scratch, np.bool_(True))


@helper
def activation_tangent(rz, h, delta, curved, activation, gauss_newton):
    """rz ← Rh = σ'·Rz, for h = σ(z). Without `gauss_newton`, write σ''·Rz times the derivative of the loss with respect to h to
    `curved`, for delta = σ' times this derivative. All are (1, n).
    """
    one, two = h.dtype.type(1), h.dtype.type(2)
    if not gauss_newton:
        if activation == TANH:
            for j in range(h.shape[1]):
                curved[0, j] = -two * h[0, j] * delta[0, j] * rz[0, j]
        elif activation != RELU and activation != IDENTITY:
            for j in range(h.shape[1]):
                curved[0, j] = (one - two * h[0, j]) * delta[0, j] * rz[0, j]
    if activation != IDENTITY:
        times_derivative(rz, h, activation)


@helper
def activation_tangent_back(rdelta, h, curved, activation, gauss_newton):
    """rdelta ← σ'·rdelta, plus without `gauss_newton` what `activation_tangent` wrote to `curved`. All are (1, n)."""
    if activation != IDENTITY:
        times_derivative(rdelta, h, activation)
        if not gauss_newton and activation != RELU:
            for j in range(h.shape[1]):
                rdelta[0, j] += curved[0, j]


@helper
def of_largest(values, best, tangents, result):
    """Write the tangents of values that are the largest to `result`. All are (1, channels)."""
    for c in range(values.shape[1]):
        result[0, c] = tangents[0, c] if values[0, c] == best[0, c] else result[0, c]


@helper
def maximum_tangent(table, layer, work, h, rh, output, result, batch):
    """Write R of the first of the largest values of each window to index `result`. `output` is the index of the maxima."""
    height, width, channels = int(table[layer, HEIGHT]), int(table[layer, WIDTH]), int(table[layer, CHANNELS])
    kernel_height, kernel_width = int(table[layer, KERNEL_HEIGHT]), int(table[layer, KERNEL_WIDTH])
    stride, top, left = int(table[layer, STRIDE]), int(table[layer, PAD_TOP]), int(table[layer, PAD_LEFT])
    clear(work, result, batch * int(table[layer, OUT_HEIGHT]) * int(table[layer, OUT_WIDTH]) * channels)
    for image in range(batch):
        for i in range(int(table[layer, OUT_HEIGHT])):
            y_first, y_stop = window(i, stride, top, kernel_height, height)
            for j in range(int(table[layer, OUT_WIDTH])):
                x_first, x_stop = window(j, stride, left, kernel_width, width)
                best, found = block(work, output, 1, channels), block(work, result, 1, channels)
                # Backwards, so that the first of equal values is written last.
                for y in range(y_stop - 1, y_first - 1, -1):
                    for x in range(x_stop - 1, x_first - 1, -1):
                        at = ((image * height + y) * width + x) * channels
                        of_largest(block(work, h + at, 1, channels), best, block(work, rh + at, 1, channels), found)
                output += channels
                result += channels
