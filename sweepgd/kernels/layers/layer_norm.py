"""Layer normalization: each image has mean 0 and variance 1 over all of its pixels and channels (Ba, Kiros & Hinton 2016,
eq. 3).

Scale and shift have one number for each channel. For values without pixels, as after a dense layer, this is the layer
normalization of PyTorch and Keras. For images it is their group normalization with a single group.
"""

import numpy as np

from sweepgd.core.layout import OFFSET
from sweepgd.kernels.compiling import helper
from sweepgd.kernels.layers.activation import activate_biased
from sweepgd.kernels.layers.batch_norm import EPSILON, write_or_add
from sweepgd.kernels.layers.layer_table import ACTIVATION, CHANNELS, HEIGHT, TENSOR, WIDTH
from sweepgd.kernels.views import block


@helper
def image_statistics(values):
    """Return the mean and 1/√(variance + ε) of all values of one image, in float64."""
    total, square = 0.0, 0.0
    for i in range(values.shape[0]):
        for c in range(values.shape[1]):
            total += np.float64(values[i, c])
    mean = total / values.size
    for i in range(values.shape[0]):
        for c in range(values.shape[1]):
            difference = np.float64(values[i, c]) - mean
            square += difference * difference
    return mean, 1.0 / np.sqrt(square / values.size + EPSILON)


@helper
def normalize_layer(theta, layout, table, layer, work, x, output, batch):
    """Write the outputs of the layer for `batch` images. `x` and `output` are indices of `work`."""
    row, channels = int(table[layer, TENSOR]), int(table[layer, CHANNELS])
    pixels, real = int(table[layer, HEIGHT]) * int(table[layer, WIDTH]), work.dtype.type
    scale = block(theta, layout[row, OFFSET], 1, channels)
    shift = theta[layout[row + 1, OFFSET] : layout[row + 1, OFFSET] + channels]
    for image in range(batch):
        start = image * pixels * channels
        values, normalized = block(work, x + start, pixels, channels), block(work, output + start, pixels, channels)
        mean64, inverse64 = image_statistics(values)
        mean, inverse = real(mean64), real(inverse64)
        for i in range(pixels):
            for c in range(channels):
                normalized[i, c] = scale[0, c] * ((values[i, c] - mean) * inverse)
    activate_biased(work, output, batch * pixels, channels, shift, int(table[layer, ACTIVATION]))


@helper
def image_back(values, delta, scale, sums, derivative, with_derivative, add):
    """Add the derivatives of one image with respect to scale and shift to `sums`, (2, channels). With `with_derivative`, write
    the derivative with respect to the values, or with `add` add it.
    """
    mean64, inverse64 = image_statistics(values)
    mean, inverse, zero = values.dtype.type(mean64), values.dtype.type(inverse64), values.dtype.type(0)
    total, product = 0.0, 0.0
    for i in range(values.shape[0]):
        for c in range(values.shape[1]):
            normalized = (values[i, c] - mean) * inverse
            sums[0, c] += delta[i, c] * normalized
            sums[1, c] += delta[i, c]
            total += np.float64(delta[i, c] * scale[0, c])
            product += np.float64(delta[i, c] * scale[0, c] * normalized)
    if with_derivative:
        average, slope = values.dtype.type(total / values.size), values.dtype.type(product / values.size)
        for i in range(values.shape[0]):
            for c in range(values.shape[1]):
                normalized = (values[i, c] - mean) * inverse
                centred = inverse * (delta[i, c] * scale[0, c] - average - normalized * slope)
                derivative[i, c] = (derivative[i, c] if add else zero) + centred


@helper
def normalize_layer_back(theta, layout, table, layer, work, x, delta, batch, scratch, out, add, to_x, add_x):
    """Write the derivatives of the loss with respect to scale and shift to `out`, or with `add` add them to `out`.

    `delta` is the index of the derivative with respect to the normalized, scaled and shifted values. The derivative with
    respect to x is written to index `to_x`, or with `add_x` added, if `to_x` is not negative.
    """
    row, channels = int(table[layer, TENSOR]), int(table[layer, CHANNELS])
    pixels = int(table[layer, HEIGHT]) * int(table[layer, WIDTH])
    scale, sums = block(theta, layout[row, OFFSET], 1, channels), block(work, scratch, 2, channels)
    for c in range(channels):
        sums[0, c] = sums[1, c] = 0
    for image in range(batch):
        start = image * pixels * channels
        values, given = block(work, x + start, pixels, channels), block(work, delta + start, pixels, channels)
        derivative = block(work, max(to_x, np.int64(0)) + start, pixels, channels)
        image_back(values, given, scale, sums, derivative, to_x >= 0, add_x)
    write_or_add(out, layout[row, OFFSET], block(work, scratch, 1, channels), add)
    write_or_add(out, layout[row + 1, OFFSET], block(work, scratch + channels, 1, channels), add)
