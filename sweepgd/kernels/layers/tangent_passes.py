"""The passes through all layers that compute the derivatives R of values and of δ along a direction of the parameters.

The distances from a value to its δ, to R of the value, to R of δ, and to the term in σ'' of its activation are 1, 2, 3 and 4
times `distance`.
"""

import numpy as np

from sweepgd.kernels.compiling import inlined
from sweepgd.kernels.layers import linear_tangents, norm_tangents, pooling, residual_sum
from sweepgd.kernels.layers.layer_passes import is_fed_later, output_size
from sweepgd.kernels.layers.layer_table import (
    ACTIVATE,
    ACTIVATION,
    AVERAGE_POOL,
    BATCH_NORM,
    CONVOLUTION,
    DENSE,
    DROPOUT,
    INPUT,
    KIND,
    LAYER_NORM,
    MAX_POOL,
    OUTPUT,
    SECOND_INPUT,
    SUM,
)
from sweepgd.kernels.layers.patches import add_to, clear, copy
from sweepgd.kernels.views import block


@inlined
def tangents_forward(theta, direction, layout, table, buffers, batch, work, distance, scratch, gauss_newton):
    """Compute R of the values of all layers, and without `gauss_newton` the terms in σ''."""
    to_r = 2 * distance
    clear(work, to_r, batch * int(table[0, OUTPUT]))  # images do not depend on parameters
    for layer in range(table.shape[0]):
        kind, value, size = int(table[layer, KIND]), int(table[layer, INPUT]), batch * output_size(table, layer)
        h, output = batch * value, batch * int(table[layer, OUTPUT])
        rh, rz = h + to_r, output + to_r
        if kind in (CONVOLUTION, DENSE):
            known = rh if value > 0 else np.int64(-1)
            linear_tangents.convolve_tangent(theta, direction, layout, table, layer, work, h, known, rz, batch, scratch)
        elif kind == MAX_POOL:
            linear_tangents.maximum_tangent(table, layer, work, h, rh, output, rz, batch)
        elif kind == AVERAGE_POOL:
            pooling.pool(table, layer, work, rh, rz, batch)
        elif kind == BATCH_NORM:
            norm_tangents.batch_tangent(theta, direction, layout, buffers, table, layer, work, h, rh, rz, batch, scratch)
        elif kind == LAYER_NORM:
            norm_tangents.layer_tangent(theta, direction, layout, table, layer, work, h, rh, rz, batch)
        else:
            copy(work, rh, rz, size)
            if kind == SUM:
                add_to(work, batch * int(table[layer, SECOND_INPUT]) + to_r, rz, size)
        if kind not in (MAX_POOL, AVERAGE_POOL, DROPOUT):
            linear_tangents.activation_tangent(
                block(work, rz, 1, size), block(work, output, 1, size), block(work, output + distance, 1, size),
                block(work, output + 4 * distance, 1, size), int(table[layer, ACTIVATION]), gauss_newton,
            )  # fmt: skip


@inlined
def tangents_backward(theta, direction, layout, table, buffers, batch, work, distance, scratch, gauss_newton, out, add):
    """Compute R of δ of all layers from that of the last layer, and write R of the gradient to `out`, or with `add` add it."""
    for layer in range(table.shape[0] - 1, -1, -1):
        kind, value, size = int(table[layer, KIND]), int(table[layer, INPUT]), batch * output_size(table, layer)
        h, output, add_h = batch * value, batch * int(table[layer, OUTPUT]), is_fed_later(table, layer, value)
        rh, delta, rdelta = h + 2 * distance, output + distance, output + 3 * distance
        to_h = h + 3 * distance if value > 0 else np.int64(-1)  # nothing needs the derivative of the images
        if kind not in (MAX_POOL, AVERAGE_POOL, DROPOUT):
            linear_tangents.activation_tangent_back(
                block(work, rdelta, 1, size), block(work, output, 1, size), block(work, output + 4 * distance, 1, size),
                int(table[layer, ACTIVATION]), gauss_newton,
            )  # fmt: skip
        if kind in (CONVOLUTION, DENSE):
            known = rh if value > 0 else np.int64(-1)
            linear_tangents.convolve_tangent_back(
                theta, direction, layout, table, layer, work, h, known, delta, rdelta, batch, scratch, gauss_newton, out, add,
                to_h, add_h,
            )  # fmt: skip
        elif kind == BATCH_NORM:
            norm_tangents.batch_tangent_back(
                theta, direction, layout, buffers, table, layer, work, h, rh, delta, rdelta, batch, scratch, gauss_newton, out,
                add, to_h, add_h,
            )  # fmt: skip
        elif kind == LAYER_NORM:
            norm_tangents.layer_tangent_back(
                theta, direction, layout, table, layer, work, h, rh, delta, rdelta, batch, scratch, gauss_newton, out, add,
                to_h, add_h,
            )  # fmt: skip
        elif kind == SUM:
            second = int(table[layer, SECOND_INPUT])
            residual_sum.give(work, rdelta, to_h, add_h, size)
            to_second = batch * second + 3 * distance if second > 0 else np.int64(-1)
            residual_sum.give(work, rdelta, to_second, is_fed_later(table, layer, second) or second == value, size)
        elif to_h >= 0:
            if kind in (DROPOUT, ACTIVATE):
                residual_sum.give(work, rdelta, to_h, add_h, size)
            else:
                pooling.pool_back(table, layer, work, h, output, rdelta, batch, to_h, add_h)
