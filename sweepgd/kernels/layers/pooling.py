"""Maximum and average over windows of each channel. Pixels outside of the image belong to no window."""

import numpy as np

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.layers import pooling_2x2
from sweepgd.kernels.layers.layer_table import (
    CHANNELS,
    HEIGHT,
    KERNEL_HEIGHT,
    KERNEL_WIDTH,
    KIND,
    MAX_POOL,
    OUT_HEIGHT,
    OUT_WIDTH,
    PAD_LEFT,
    PAD_TOP,
    STRIDE,
    WIDTH,
)
from sweepgd.kernels.layers.patches import clear
from sweepgd.kernels.views import block


@helper
def window(position, stride, padding, kernel, size):
    """Return the first pixel of a window along one axis, and the pixel after its last one, inside of the image."""
    start = position * stride - padding
    return max(np.int64(0), start), min(size, start + kernel)


@helper
def largest(values, best, first):
    """best ← the larger of best and values, or values if `first`. Both are (1, channels). NaN is larger than any number."""
    for c in range(values.shape[1]):
        value = values[0, c]
        best[0, c] = value if first or value > best[0, c] or value != value else best[0, c]


@helper
def add_share(values, share, total, first):
    """total ← total + share·values, or share·values if `first`."""
    zero = total.dtype.type(0)
    for c in range(values.shape[1]):
        total[0, c] = (zero if first else total[0, c]) + share * values[0, c]


@helper
def give_to_largest(values, best, delta, derivative):
    """Move delta to the derivative of the values that are the largest. What is moved is not left for the next values."""
    zero = delta.dtype.type(0)
    for c in range(values.shape[1]):
        hit = values[0, c] == best[0, c]
        derivative[0, c] += delta[0, c] if hit else zero
        delta[0, c] = zero if hit else delta[0, c]


@helper
def pool(table, layer, work, images, output, batch):
    """Write the largest value or the average of each window. `images` and `output` are indices of `work`."""
    height, width, channels = int(table[layer, HEIGHT]), int(table[layer, WIDTH]), int(table[layer, CHANNELS])
    kernel_height, kernel_width = int(table[layer, KERNEL_HEIGHT]), int(table[layer, KERNEL_WIDTH])
    stride, top, left = int(table[layer, STRIDE]), int(table[layer, PAD_TOP]), int(table[layer, PAD_LEFT])
    maximum = int(table[layer, KIND]) == MAX_POOL
    if pooling_2x2.is_2x2(table, layer):
        pooling_2x2.pool_2x2(table, layer, work, images, output, batch, maximum)
        return
    for _ in range(batch):
        for i in range(int(table[layer, OUT_HEIGHT])):
            y_first, y_stop = window(i, stride, top, kernel_height, height)
            for j in range(int(table[layer, OUT_WIDTH])):
                x_first, x_stop = window(j, stride, left, kernel_width, width)
                result = block(work, output, 1, channels)
                share = work.dtype.type(1.0 / ((y_stop - y_first) * (x_stop - x_first)))
                for y in range(y_first, y_stop):
                    for x in range(x_first, x_stop):
                        values, first = (
                            block(work, images + (y * width + x) * channels, 1, channels),
                            y == y_first and x == x_first,
                        )
                        if maximum:
                            largest(values, result, first)
                        else:
                            add_share(values, share, result, first)
                output += channels
        images += height * width * channels


@helper
def pool_back(table, layer, work, images, output, delta, batch, to_images, add_images):
    """Write the derivative of the loss with respect to the images to index `to_images`, or with `add_images` add it.

    The derivative of a maximum goes to the first of the largest values. What is at `delta`, the index of the derivative with
    respect to the outputs, is overwritten.
    """
    height, width, channels = int(table[layer, HEIGHT]), int(table[layer, WIDTH]), int(table[layer, CHANNELS])
    kernel_height, kernel_width = int(table[layer, KERNEL_HEIGHT]), int(table[layer, KERNEL_WIDTH])
    stride, top, left = int(table[layer, STRIDE]), int(table[layer, PAD_TOP]), int(table[layer, PAD_LEFT])
    maximum = int(table[layer, KIND]) == MAX_POOL
    area = height * width * channels
    if not add_images:
        clear(work, to_images, batch * area)
    for image in range(batch):
        for i in range(int(table[layer, OUT_HEIGHT])):
            y_first, y_stop = window(i, stride, top, kernel_height, height)
            for j in range(int(table[layer, OUT_WIDTH])):
                x_first, x_stop = window(j, stride, left, kernel_width, width)
                share = work.dtype.type(1.0 / ((y_stop - y_first) * (x_stop - x_first)))
                best, given = block(work, output, 1, channels), block(work, delta, 1, channels)
                for y in range(y_first, y_stop):
                    for x in range(x_first, x_stop):
                        at = image * area + (y * width + x) * channels
                        derivative = block(work, to_images + at, 1, channels)
                        if maximum:
                            give_to_largest(block(work, images + at, 1, channels), best, given, derivative)
                        else:
                            add_share(given, share, derivative, False)
                output += channels
                delta += channels
