"""Batch normalization of each channel (Ioffe & Szegedy 2015, algorithms 1 and 2).

In training, a channel has the mean and the variance of the whole batch, over all pixels. The running statistics are moved a
tenth of the way to the mean and the unbiased variance. In evaluation mode, a channel has the running statistics.
"""

import numpy as np

from sweepgd.core.layout import OFFSET
from sweepgd.kernels.compiling import helper
from sweepgd.kernels.layers.activation import activate_biased
from sweepgd.kernels.layers.layer_table import ACTIVATION, BUFFER, CHANNELS, HEIGHT, TENSOR, WIDTH
from sweepgd.kernels.views import block

EPSILON, MOMENTUM = 1e-5, 0.1
# The terms of `add_rows`.
VALUE, SQUARE, PRODUCT = map(np.int64, range(3))  # with literals, Numba would compile the sums three times


@helper
def add_rows(term, values, other, mean, start, stop, sums):
    """Add a term of each row from `start` to before `stop` to `sums`, (1, channels): the value, the squared deviation from the
    mean of its channel, or the product of this deviation and of the same element of `other`.
    """
    if term == VALUE:
        for i in range(start, stop):
            for c in range(values.shape[1]):
                sums[0, c] += values[i, c]
    elif term == SQUARE:
        for i in range(start, stop):
            for c in range(values.shape[1]):
                deviation = values[i, c] - mean[0, c]
                sums[0, c] += deviation * deviation
    else:
        for i in range(start, stop):
            for c in range(values.shape[1]):
                sums[0, c] += (values[i, c] - mean[0, c]) * other[i, c]


@helper
def sum_rows(term, values, other, mean, part, sums):
    """Write the sum over all rows of a term of `add_rows` to `sums`, (1, channels).

    The rows are summed in √rows blocks, and these sums are added. A single sum in float32 of the 3.2 million pixels of 4,096
    images of 28×28 would be 0.3 % too small, because the last terms have few digits left. `part` holds the sums of a block.
    """
    rows, zero = values.shape[0], values.dtype.type(0)
    size = np.int64(np.ceil(np.sqrt(rows)))
    for c in range(values.shape[1]):
        sums[0, c] = zero
    for start in range(0, rows, size):
        for c in range(values.shape[1]):
            part[0, c] = zero
        add_rows(term, values, other, mean, start, min(start + size, rows), part)
        for c in range(values.shape[1]):
            sums[0, c] += part[0, c]


@helper
def times(numbers, factor):
    """numbers ← factor·numbers, for numbers of shape (1, n)."""
    for j in range(numbers.shape[1]):
        numbers[0, j] *= factor


@helper
def batch_statistics(values, part, mean, variance):
    """Write the mean and the biased variance of each column of `values`, (pixels, channels). `part` is scratch memory."""
    share = values.dtype.type(1.0 / values.shape[0])
    sum_rows(VALUE, values, values, mean, part, mean)
    times(mean, share)
    sum_rows(SQUARE, values, values, mean, part, variance)
    times(variance, share)


@helper
def move_running(buffers, at, mean, variance, count):
    """Move the running mean and variance, from index `at` of `buffers`, toward those of a batch of `count` pixels."""
    channels = mean.shape[1]
    kept, new = buffers.dtype.type(1.0 - MOMENTUM), buffers.dtype.type(MOMENTUM)
    unbiased = buffers.dtype.type(MOMENTUM * count / max(np.int64(1), count - 1))
    running_mean, running_variance = block(buffers, at, 1, channels), block(buffers, at + channels, 1, channels)
    for c in range(channels):
        running_mean[0, c] = kept * running_mean[0, c] + new * mean[0, c]
        running_variance[0, c] = kept * running_variance[0, c] + unbiased * variance[0, c]


@helper
def inverse_deviation(variance):
    """variance ← 1/√(variance + ε)."""
    one, epsilon = variance.dtype.type(1), variance.dtype.type(EPSILON)
    for c in range(variance.shape[1]):
        variance[0, c] = one / np.sqrt(variance[0, c] + epsilon)


@helper
def normalize_channels(values, mean, inverse, scale, normalized):
    """normalized ← scale·(values − mean)·inverse in each row."""
    for i in range(values.shape[0]):
        for c in range(values.shape[1]):
            normalized[i, c] = scale[0, c] * inverse[0, c] * (values[i, c] - mean[0, c])


@helper
def normalize_batch(theta, layout, buffers, table, layer, training, work, x, output, batch, statistics, scratch):
    """Write the outputs of the layer for `batch` images, and the mean and 1/√(variance + ε) of each channel to `statistics`.

    `x`, `output`, `statistics` and `scratch` are indices of `work`.
    """
    row, channels, at = int(table[layer, TENSOR]), int(table[layer, CHANNELS]), int(table[layer, BUFFER])
    rows = batch * int(table[layer, HEIGHT]) * int(table[layer, WIDTH])
    values, mean = block(work, x, rows, channels), block(work, statistics, 1, channels)
    variance = block(work, statistics + channels, 1, channels)
    if training:
        batch_statistics(values, block(work, scratch, 1, channels), mean, variance)
        move_running(buffers, at, mean, variance, rows)
    else:
        for c in range(channels):
            mean[0, c], variance[0, c] = buffers[at + c], buffers[at + channels + c]
    inverse_deviation(variance)
    normalized, scale = block(work, output, rows, channels), block(theta, layout[row, OFFSET], 1, channels)
    normalize_channels(values, mean, variance, scale, normalized)
    shift = theta[layout[row + 1, OFFSET] : layout[row + 1, OFFSET] + channels]
    activate_biased(work, output, rows, channels, shift, int(table[layer, ACTIVATION]))


@helper
def derivative_at(delta, values, mean, inverse, scale, delta_sums, sums, share, i, c):
    """Return the derivative with respect to one value. With a `share` of 0, mean and variance do not depend on the values."""
    normalized = (values[i, c] - mean[0, c]) * inverse[0, c]
    return scale[0, c] * inverse[0, c] * (delta[i, c] - share * (delta_sums[0, c] + normalized * sums[0, c]))


@helper
def to_values(delta, values, mean, inverse, scale, delta_sums, sums, share, derivative, add):
    """Write the derivatives with respect to the values to `derivative`, or with `add` add them."""
    zero = values.dtype.type(0)
    for i in range(values.shape[0]):
        for c in range(values.shape[1]):
            given = derivative_at(delta, values, mean, inverse, scale, delta_sums, sums, share, i, c)
            derivative[i, c] = (derivative[i, c] if add else zero) + given


@helper
def to_values_in_place(delta, values, mean, inverse, scale, delta_sums, sums, share):
    """Replace `delta` by the derivatives with respect to the values. With two names for one array, the compiler would make no
    vector instructions.
    """
    for i in range(values.shape[0]):
        for c in range(values.shape[1]):
            delta[i, c] = derivative_at(delta, values, mean, inverse, scale, delta_sums, sums, share, i, c)


@helper
def write_or_add(out, at, numbers, add):
    """Write (1, n) numbers to `out` from index `at`, or with `add` add them."""
    written, zero = block(out, at, 1, numbers.shape[1]), out.dtype.type(0)
    for c in range(numbers.shape[1]):
        written[0, c] = (written[0, c] if add else zero) + numbers[0, c]


@helper
def normalize_batch_back(
    theta, layout, table, layer, training, work, x, delta, batch, statistics, scratch, out, add, to_x, add_x
):  # fmt: skip
    """Write the derivatives of the loss with respect to scale and shift to `out`, or with `add` add them to `out`.

    `delta` is the index of the derivative with respect to the normalized, scaled and shifted values. The derivative with
    respect to x is written to index `to_x`, which may be `delta`, or with `add_x` added, if `to_x` is not negative.
    """
    row, channels = int(table[layer, TENSOR]), int(table[layer, CHANNELS])
    rows = batch * int(table[layer, HEIGHT]) * int(table[layer, WIDTH])
    values, given = block(work, x, rows, channels), block(work, delta, rows, channels)
    mean, inverse = block(work, statistics, 1, channels), block(work, statistics + channels, 1, channels)
    delta_sums, sums = block(work, scratch, 1, channels), block(work, scratch + channels, 1, channels)
    part = block(work, scratch + 2 * channels, 1, channels)
    sum_rows(VALUE, given, given, mean, part, delta_sums)
    sum_rows(PRODUCT, values, given, mean, part, sums)
    for c in range(channels):
        sums[0, c] *= inverse[0, c]
    write_or_add(out, layout[row, OFFSET], sums, add)
    write_or_add(out, layout[row + 1, OFFSET], delta_sums, add)
    if to_x >= 0:
        scale, share = block(theta, layout[row, OFFSET], 1, channels), work.dtype.type(1.0 / rows if training else 0.0)
        if to_x == delta:
            to_values_in_place(given, values, mean, inverse, scale, delta_sums, sums, share)
        else:
            derivative = block(work, to_x, rows, channels)
            to_values(given, values, mean, inverse, scale, delta_sums, sums, share, derivative, add_x)
