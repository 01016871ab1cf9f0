"""Loss and gradient of networks that are lists of layers (`sweepgd.kernels.layers.layer_table`).

One set of kernels serves all networks. A kernel goes through the rows of the table, and calls the function of each kind of
layer. `work` holds the values of all layers for the images that are processed at a time, from the images to the outputs, then
the derivatives of the loss with respect to these values, then the statistics of batch normalization, and then scratch memory.
Losses are means over the rows.
"""

import numpy as np
import numpy.typing as npt

from sweepgd.kernels.compiling import helper, inlined
from sweepgd.kernels.layers.convolution import PATCHES
from sweepgd.kernels.layers.image_rows import augment, place_row
from sweepgd.kernels.layers.layer_passes import backward, forward, output_size
from sweepgd.kernels.layers.layer_table import (
    BATCH_NORM,
    CHANNELS,
    CHUNK,
    COLUMNS,
    CONVOLUTION,
    CROP,
    CUTOUT,
    DERIVATIVE,
    FLIP,
    HEADER,
    HEIGHT,
    KERNEL_HEIGHT,
    KERNEL_WIDTH,
    KIND,
    LARGEST,
    LAYERS,
    LOSS,
    MEMORY,
    NORMALIZED,
    OUT_CHANNELS,
    OUT_HEIGHT,
    OUT_WIDTH,
    STRIDE,
    WIDTH,
)
from sweepgd.kernels.losses import SQUARED, losses, wrong_rows
from sweepgd.kernels.views import block, flat

# The number of images that an evaluation processes at a time.
EVALUATED = 16


def workspace(settings: npt.NDArray[np.float64], batch: int) -> int:
    """Return the length of scratch memory for `batch` rows."""
    images = max(min(batch, int(settings[CHUNK]) or batch), EVALUATED)
    table = settings[HEADER:].reshape(-1, COLUMNS)
    inputs = table[:, HEIGHT] * table[:, WIDTH] * table[:, CHANNELS]
    # Scratch memory holds patches and planes or outputs, sums over channels, targets, or an image to augment.
    windows = table[table[:, KIND] == CONVOLUTION]
    padded = (windows[:, OUT_WIDTH] - 1) * windows[:, STRIDE] + windows[:, KERNEL_WIDTH]
    numbers = windows[:, KERNEL_HEIGHT] * windows[:, KERNEL_WIDTH] * windows[:, CHANNELS] + windows[:, OUT_CHANNELS]
    patches = (windows[:, OUT_HEIGHT] * padded * numbers).max(initial=PATCHES)
    scratch = patches + settings[LARGEST] + padded.max(initial=0)
    scratch = max(scratch, 3 * table[:, CHANNELS].max(), images * table[-1, OUT_CHANNELS], inputs[0])
    statistics = 2 * table[table[:, KIND] == BATCH_NORM, CHANNELS].sum()
    return int(images * settings[MEMORY] + statistics + scratch)


@helper
def table_of(settings):
    """Return the table of the layers, (layers, COLUMNS)."""
    return block(settings, np.int64(HEADER), np.int64(settings[LAYERS]), np.int64(COLUMNS))


@helper
def statistics_size(table):
    """Return the number of statistics of all batch normalizations."""
    size = np.int64(0)
    for layer in range(table.shape[0]):
        if table[layer, KIND] == BATCH_NORM:
            size += 2 * np.int64(table[layer, CHANNELS])
    return size


@helper
def copy_targets(targets, row, y, i):
    """Copy the targets of a row of the data to row i of y."""
    for j in range(y.shape[1]):
        y[i, j] = targets[row, j]


def gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    """Return the mean loss over `rows`, and write its gradient to `out`. In training, batch normalization uses the statistics
    of the rows and moves the running ones, units are dropped, and images are augmented.
    """
    theta, buffers, settings, work, out = flat(theta), flat(buffers), flat(settings), flat(work), flat(out)
    table, size, loss, normalized = table_of(settings), inputs.shape[1], int(settings[LOSS]), settings[NORMALIZED] != 0
    augmented = training and (settings[CROP] != 0 or settings[FLIP] != 0 or settings[CUTOUT] != 0)
    chunk = int(settings[CHUNK])
    if chunk == 0:
        chunk = max(1, rows.size) if training else EVALUATED
    memory, outputs = np.int64(settings[MEMORY]), output_size(table, table.shape[0] - 1)
    scale, total, last = theta.dtype.type(1.0 / rows.size), 0.0, np.int64(table[table.shape[0] - 1, DERIVATIVE])
    for first in range(0, rows.size, chunk):
        batch = min(chunk, rows.size - first)
        scratch, statistics = batch * memory + statistics_size(table), batch * memory - 2 * size * normalized
        for i in range(batch):
            place_row(inputs, rows[first + i], buffers, normalized, work, i * size)
        if augmented:
            augment(settings, table, key, first, batch, work, scratch)
        z = forward(theta, layout, table, buffers, batch, first, key, training, work, statistics, scratch)
        y, delta = block(work, scratch, batch, targets.shape[1]), block(work, batch * last, batch, outputs)
        for i in range(batch):
            copy_targets(targets, rows[first + i], y, i)
        total += losses(block(work, z, batch, outputs), y, loss, scale, delta)
        backward(theta, layout, table, batch, first, key, training, work, statistics, scratch, out, first > 0)
    return total / rows.size


def evaluate(theta, buffers, inputs, targets, layout, settings, work):
    """Return the mean loss over all rows and the share of misclassified rows (NaN for squared error), in evaluation mode."""
    return _evaluate(theta, buffers, inputs, targets, layout, settings, False, work, work)


def evaluate_with_gradient(theta, buffers, inputs, targets, layout, settings, work, out):
    """Return the results of `evaluate`, and write the gradient of the mean loss to `out`."""
    return _evaluate(theta, buffers, inputs, targets, layout, settings, True, work, out)


@inlined
def forward_in_order(theta, layout, settings, table, buffers, inputs, first, batch, work, scratch):
    """Compute all layers for `batch` rows from row `first` of the inputs, in evaluation mode. Return the index of the last
    output.
    """
    size, normalized = inputs.shape[1], settings[NORMALIZED] != 0
    statistics = batch * np.int64(settings[MEMORY]) - 2 * size * normalized
    for i in range(batch):
        place_row(inputs, first + i, buffers, normalized, work, i * size)
    key, training = np.int64(0), np.bool_(False)
    return forward(theta, layout, table, buffers, batch, first, key, training, work, statistics, scratch)


@inlined
def _evaluate(theta, buffers, inputs, targets, layout, settings, with_gradient, work, out):
    theta, buffers, settings, work, out = flat(theta), flat(buffers), flat(settings), flat(work), flat(out)
    table, count, loss = table_of(settings), inputs.shape[0], int(settings[LOSS])
    memory, outputs = np.int64(settings[MEMORY]), output_size(table, table.shape[0] - 1)
    scale, total, wrong = theta.dtype.type(1.0 / count), 0.0, 0
    key, training, last = np.int64(0), np.bool_(False), np.int64(table[table.shape[0] - 1, DERIVATIVE])
    for first in range(0, count, EVALUATED):
        batch = min(np.int64(EVALUATED), count - first)
        scratch = batch * np.int64(settings[MEMORY]) + statistics_size(table)
        z = forward_in_order(theta, layout, settings, table, buffers, inputs, first, batch, work, scratch)
        logits, delta = block(work, z, batch, outputs), block(work, batch * last, batch, outputs)
        y = block(work, scratch, batch, targets.shape[1])
        for i in range(batch):
            copy_targets(targets, first + i, y, i)
        total += losses(logits, y, loss, scale, delta)
        if loss != SQUARED:
            wrong += wrong_rows(logits, y, loss)
        if with_gradient:
            statistics = batch * memory - 2 * inputs.shape[1] * (settings[NORMALIZED] != 0)
            backward(theta, layout, table, batch, first, key, training, work, statistics, scratch, out, first > 0)
    return total / count, wrong / count if loss != SQUARED else np.nan


def predict(theta, buffers, inputs, layout, settings, work, outputs):
    """Write the last outputs of each row to `outputs`, (rows, outputs), in evaluation mode."""
    theta, buffers, settings, work = flat(theta), flat(buffers), flat(settings), flat(work)
    table = table_of(settings)
    for first in range(0, inputs.shape[0], EVALUATED):
        batch = min(np.int64(EVALUATED), inputs.shape[0] - first)
        scratch = batch * np.int64(settings[MEMORY]) + statistics_size(table)
        z = forward_in_order(theta, layout, settings, table, buffers, inputs, first, batch, work, scratch)
        last = block(work, z, batch, outputs.shape[1])
        for i in range(batch):
            for j in range(outputs.shape[1]):
                outputs[first + i, j] = last[i, j]
