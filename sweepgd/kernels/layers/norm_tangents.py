"""Derivatives along a direction of batch normalization in evaluation mode and of layer normalization, and of their backward
passes.

With x̂ = (x − mean)·s the normalized values, z = scale·x̂ + shift. R{·} is the derivative along a direction (u, v) of scale and
shift. In evaluation mode, mean and s of a batch normalization are constants. Those of a layer normalization depend on x:

    Rx̂ = s·(Rx − mean(Rx) − x̂·q) and Rs = −s²·q, with q = mean(x̂·Rx)
    derivative with respect to x: s·a with a = e − mean(e) − x̂·mean(e·x̂) and e = scale·δ
"""

import numpy as np

from sweepgd.core.layout import OFFSET
from sweepgd.kernels.compiling import helper
from sweepgd.kernels.layers.batch_norm import inverse_deviation, write_or_add
from sweepgd.kernels.layers.layer_norm import image_statistics
from sweepgd.kernels.layers.layer_table import BUFFER, CHANNELS, HEIGHT, TENSOR, WIDTH
from sweepgd.kernels.layers.patches import clear
from sweepgd.kernels.views import block


@helper
def running_statistics(buffers, at, work, scratch, channels):
    """Write the running mean and 1/√(variance + ε) of each channel to index `scratch`, and return both."""
    mean, inverse = block(work, scratch, 1, channels), block(work, scratch + channels, 1, channels)
    for c in range(channels):
        mean[0, c], inverse[0, c] = buffers[at + c], buffers[at + channels + c]
    inverse_deviation(inverse)
    return mean, inverse


@helper
def batch_tangent(theta, direction, layout, buffers, table, layer, work, x, rx, output, batch, scratch):
    """Write Rz of a batch normalization for `batch` images."""
    row, channels = int(table[layer, TENSOR]), int(table[layer, CHANNELS])
    rows = batch * int(table[layer, HEIGHT]) * int(table[layer, WIDTH])
    mean, inverse = running_statistics(buffers, int(table[layer, BUFFER]), work, scratch, channels)
    values, tangents, result = (
        block(work, x, rows, channels),
        block(work, rx, rows, channels),
        block(work, output, rows, channels),
    )
    scale, along = block(theta, layout[row, OFFSET], 1, channels), block(direction, layout[row, OFFSET], 1, channels)
    shift = block(direction, layout[row + 1, OFFSET], 1, channels)
    for i in range(rows):
        for c in range(channels):
            moved = scale[0, c] * tangents[i, c] + along[0, c] * (values[i, c] - mean[0, c])
            result[i, c] = inverse[0, c] * moved + shift[0, c]


@helper
def batch_tangent_back(
    theta, direction, layout, buffers, table, layer, work, x, rx, delta, rdelta, batch, scratch, gauss_newton, out, add,
    to_x, add_x,
):  # fmt: skip
    """Write R of the derivatives with respect to scale and shift to `out`, or with `add` add them. Write R of the derivative
    with respect to x to index `to_x`, or with `add_x` add it, if the index is not negative.
    """
    row, channels, zero = int(table[layer, TENSOR]), int(table[layer, CHANNELS]), work.dtype.type(0)
    rows, sums = batch * int(table[layer, HEIGHT]) * int(table[layer, WIDTH]), scratch + 2 * channels
    mean, inverse = running_statistics(buffers, int(table[layer, BUFFER]), work, scratch, channels)
    values, tangents = block(work, x, rows, channels), block(work, rx, rows, channels)
    given, tangent = block(work, delta, rows, channels), block(work, rdelta, rows, channels)
    scale, along = block(theta, layout[row, OFFSET], 1, channels), block(direction, layout[row, OFFSET], 1, channels)
    to_scale, to_shift = block(work, sums, 1, channels), block(work, sums + channels, 1, channels)
    derivative = block(work, max(to_x, np.int64(0)), rows, channels)
    clear(work, sums, 2 * channels)
    for i in range(rows):
        for c in range(channels):
            d = zero if gauss_newton else given[i, c]
            to_scale[0, c] += inverse[0, c] * (tangent[i, c] * (values[i, c] - mean[0, c]) + d * tangents[i, c])
            to_shift[0, c] += tangent[i, c]
            if to_x >= 0:
                back = inverse[0, c] * (scale[0, c] * tangent[i, c] + along[0, c] * d)
                derivative[i, c] = (derivative[i, c] if add_x else zero) + back
    write_or_add(out, layout[row, OFFSET], to_scale, add)
    write_or_add(out, layout[row + 1, OFFSET], to_shift, add)


@helper
def image_tangent_statistics(values, tangents, mean, inverse):
    """Return mean(Rx) and mean(x̂·Rx) of one image, in float64."""
    total, product = 0.0, 0.0
    for i in range(values.shape[0]):
        for c in range(values.shape[1]):
            total += np.float64(tangents[i, c])
            product += np.float64((values[i, c] - mean) * inverse * tangents[i, c])
    return total / values.size, product / values.size


@helper
def layer_tangent(theta, direction, layout, table, layer, work, x, rx, output, batch):
    """Write Rz of a layer normalization for `batch` images."""
    row, channels = int(table[layer, TENSOR]), int(table[layer, CHANNELS])
    pixels, real = int(table[layer, HEIGHT]) * int(table[layer, WIDTH]), work.dtype.type
    scale, along = block(theta, layout[row, OFFSET], 1, channels), block(direction, layout[row, OFFSET], 1, channels)
    shift = block(direction, layout[row + 1, OFFSET], 1, channels)
    for image in range(batch):
        start = image * pixels * channels
        values, tangents = block(work, x + start, pixels, channels), block(work, rx + start, pixels, channels)
        result = block(work, output + start, pixels, channels)
        mean64, inverse64 = image_statistics(values)
        mean, inverse = real(mean64), real(inverse64)
        average64, q64 = image_tangent_statistics(values, tangents, mean, inverse)
        average, q = real(average64), real(q64)
        for i in range(pixels):
            for c in range(channels):
                normalized = (values[i, c] - mean) * inverse
                moved = inverse * (tangents[i, c] - average - normalized * q)
                result[i, c] = scale[0, c] * moved + along[0, c] * normalized + shift[0, c]


@helper
def image_tangent_back(
    values, tangents, given, tangent, scale, along, gauss_newton, to_scale, to_shift, derivative, write, add
):
    """Add R of the derivatives of one image with respect to scale and shift to `to_scale` and `to_shift`, (1, channels). With
    `write`, write R of the derivative with respect to x, or with `add` add it.
    """
    real, zero, size = values.dtype.type, values.dtype.type(0), values.size
    mean64, inverse64 = image_statistics(values)
    mean, inverse = real(mean64), real(inverse64)
    average64, q64 = image_tangent_statistics(values, tangents, mean, inverse)
    average, q = real(average64), real(q64)
    e_sum, e_slope, re_sum, re_slope = 0.0, 0.0, 0.0, 0.0
    for i in range(values.shape[0]):
        for c in range(values.shape[1]):
            d = zero if gauss_newton else given[i, c]
            normalized = (values[i, c] - mean) * inverse
            moved = inverse * (tangents[i, c] - average - normalized * q)
            to_scale[0, c] += tangent[i, c] * normalized + d * moved
            to_shift[0, c] += tangent[i, c]
            e, re = scale[0, c] * d, scale[0, c] * tangent[i, c] + along[0, c] * d
            e_sum += np.float64(e)
            e_slope += np.float64(e * normalized)
            re_sum += np.float64(re)
            re_slope += np.float64(re * normalized + e * moved)
    if write:
        e_mean, e_share, re_mean, re_share = (
            real(e_sum / size),
            real(e_slope / size),
            real(re_sum / size),
            real(re_slope / size),
        )
        for i in range(values.shape[0]):
            for c in range(values.shape[1]):
                d = zero if gauss_newton else given[i, c]
                normalized = (values[i, c] - mean) * inverse
                moved = inverse * (tangents[i, c] - average - normalized * q)
                e, re = scale[0, c] * d, scale[0, c] * tangent[i, c] + along[0, c] * d
                a = e - e_mean - normalized * e_share
                ra = re - re_mean - moved * e_share - normalized * re_share
                derivative[i, c] = (derivative[i, c] if add else zero) + inverse * (ra - inverse * q * a)


@helper
def layer_tangent_back(
    theta, direction, layout, table, layer, work, x, rx, delta, rdelta, batch, scratch, gauss_newton, out, add, to_x, add_x
):  # fmt: skip
    """Do the same as `batch_tangent_back` for a layer normalization."""
    row, channels = int(table[layer, TENSOR]), int(table[layer, CHANNELS])
    pixels = int(table[layer, HEIGHT]) * int(table[layer, WIDTH])
    scale, along = block(theta, layout[row, OFFSET], 1, channels), block(direction, layout[row, OFFSET], 1, channels)
    to_scale, to_shift = block(work, scratch, 1, channels), block(work, scratch + channels, 1, channels)
    clear(work, scratch, 2 * channels)
    for image in range(batch):
        start = image * pixels * channels
        values, tangents = block(work, x + start, pixels, channels), block(work, rx + start, pixels, channels)
        given, tangent = block(work, delta + start, pixels, channels), block(work, rdelta + start, pixels, channels)
        derivative = block(work, max(to_x, np.int64(0)) + start, pixels, channels)
        image_tangent_back(
            values, tangents, given, tangent, scale, along, gauss_newton, to_scale, to_shift, derivative, to_x >= 0, add_x
        )
    write_or_add(out, layout[row, OFFSET], to_scale, add)
    write_or_add(out, layout[row + 1, OFFSET], to_shift, add)
