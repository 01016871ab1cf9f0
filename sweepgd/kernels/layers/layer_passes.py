"""The forward pass and the backward pass through all layers of a table."""

import numpy as np

from sweepgd.kernels.compiling import helper, inlined
from sweepgd.kernels.layers import batch_norm, convolution, dropout, layer_norm, plugin_layer, pooling, residual_sum
from sweepgd.kernels.layers.activation import activate_values, activation_back
from sweepgd.kernels.layers.layer_table import (
    ACTIVATE,
    ACTIVATION,
    AVERAGE_POOL,
    BATCH_NORM,
    BUFFER,
    CONVOLUTION,
    DENSE,
    DERIVATIVE,
    DROPOUT,
    INPUT,
    INPUT_DERIVATIVE,
    KIND,
    LAYER_NORM,
    MAX_POOL,
    OUT_CHANNELS,
    OUT_HEIGHT,
    OUT_WIDTH,
    OUTPUT,
    PLUGIN,
    SECOND_DERIVATIVE,
    SECOND_INPUT,
    SUM,
)
from sweepgd.kernels.layers.patches import copy
from sweepgd.kernels.views import block


@helper
def output_size(table, layer):
    """Return the number of outputs of a layer for one image."""
    return int(table[layer, OUT_HEIGHT]) * int(table[layer, OUT_WIDTH]) * int(table[layer, OUT_CHANNELS])


@inlined
def forward(theta, layout, table, buffers, batch, first, key, training, work, statistics, scratch):
    """Compute all layers for the `batch` images at the beginning of `work`, and return the index of the last output.

    Image 0 is row `first` of the batch of an update. The statistics of a batch normalization are at index `statistics` plus the
    index of its running statistics in `buffers`.
    """
    output = np.int64(0)
    for layer in range(table.shape[0]):
        kind = int(table[layer, KIND])
        h, output = batch * int(table[layer, INPUT]), batch * int(table[layer, OUTPUT])
        if kind in (CONVOLUTION, DENSE):
            convolution.convolve(theta, layout, table, layer, work, h, output, batch, scratch)
        elif kind in (MAX_POOL, AVERAGE_POOL):
            pooling.pool(table, layer, work, h, output, batch)
        elif kind == BATCH_NORM:
            at = statistics + int(table[layer, BUFFER])
            batch_norm.normalize_batch(theta, layout, buffers, table, layer, training, work, h, output, batch, at, scratch)
        elif kind == LAYER_NORM:
            layer_norm.normalize_layer(theta, layout, table, layer, work, h, output, batch)
        elif kind == SUM:
            residual_sum.sum_values(table, layer, work, h, batch * int(table[layer, SECOND_INPUT]), output, batch)
        elif kind == PLUGIN:
            plugin_layer.apply(theta, layout, table, layer, key, first, training, work, h, output, batch)
        elif kind == DROPOUT and training:
            dropout.drop(table, layer, key, first, work, h, output, batch, np.bool_(False))
        else:
            size = batch * output_size(table, layer)
            copy(work, h, output, size)
            activate_values(block(work, output, 1, size), int(table[layer, ACTIVATION]))
    return output


@helper
def is_fed_later(table, layer, value):
    """Return True if a layer after `layer` has the value at this offset as an input, so that its derivative is added to."""
    for later in range(layer + 1, table.shape[0]):
        second = table[later, KIND] == SUM and table[later, SECOND_INPUT] == value
        if second or table[later, INPUT] == value:
            return True
    return False


@inlined
def backward(theta, layout, table, batch, first, key, training, work, statistics, scratch, out, add):
    """Compute the gradient by backpropagation, after a call of `forward` with the same arguments and after the derivative of
    the loss with respect to the last output was written. Write the gradient to `out`, or with `add` add it to `out`.
    """
    for layer in range(table.shape[0] - 1, -1, -1):
        kind, value = int(table[layer, KIND]), int(table[layer, INPUT])
        h, output = batch * value, batch * int(table[layer, OUTPUT])
        size, add_h = output_size(table, layer), is_fed_later(table, layer, value)
        # A negative index says that nothing needs the derivative.
        delta, to_h = batch * int(table[layer, DERIVATIVE]), batch * int(table[layer, INPUT_DERIVATIVE])
        if kind not in (MAX_POOL, AVERAGE_POOL, DROPOUT):
            activation_back(block(work, delta, batch, size), block(work, output, batch, size), int(table[layer, ACTIVATION]))
        if kind in (CONVOLUTION, DENSE):
            convolution.convolve_back(theta, layout, table, layer, work, h, delta, batch, scratch, out, add, to_h, add_h)
        elif kind == BATCH_NORM:
            at = statistics + int(table[layer, BUFFER])
            batch_norm.normalize_batch_back(
                theta, layout, table, layer, training, work, h, delta, batch, at, scratch, out, add, to_h, add_h
            )  # fmt: skip
        elif kind == LAYER_NORM:
            layer_norm.normalize_layer_back(theta, layout, table, layer, work, h, delta, batch, scratch, out, add, to_h, add_h)
        elif kind == SUM:
            second = int(table[layer, SECOND_INPUT])
            residual_sum.give(work, delta, to_h, add_h, batch * size)
            to_second = batch * int(table[layer, SECOND_DERIVATIVE])
            residual_sum.give(work, delta, to_second, is_fed_later(table, layer, second) or second == value, batch * size)
        elif kind == PLUGIN:
            plugin_layer.apply_back(
                theta, layout, table, layer, key, first, training, work, h, output, batch, out, add, add_h
            )  # fmt: skip
        elif to_h >= 0:
            if kind == DROPOUT and training:
                dropout.drop(table, layer, key, first, work, delta, to_h, batch, add_h)
            elif kind in (DROPOUT, ACTIVATE):
                residual_sum.give(work, delta, to_h, add_h, batch * size)
            else:
                pooling.pool_back(table, layer, work, h, output, delta, batch, to_h, add_h)
