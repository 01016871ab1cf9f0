"""Fully connected layers, whose input is a whole image, row by row."""

from sweepgd.core.layout import OFFSET
from sweepgd.kernels.compiling import helper
from sweepgd.kernels.layers.activation import activate_biased
from sweepgd.kernels.layers.layer_table import (
    ACTIVATION,
    CHANNELS,
    HEIGHT,
    OUT_CHANNELS,
    TENSOR,
    WIDTH,
)
from sweepgd.kernels.matmul import multiply, multiply_transposed
from sweepgd.kernels.network import sum_of_rows
from sweepgd.kernels.views import block


@helper
def connect(theta, layout, table, layer, work, h, output, batch):
    """Write the outputs of the layer for `batch` rows. `h` and `output` are indices of `work`."""
    row, outputs = int(table[layer, TENSOR]), int(table[layer, OUT_CHANNELS])
    inputs = int(table[layer, HEIGHT]) * int(table[layer, WIDTH]) * int(table[layer, CHANNELS])
    bias = theta[layout[row + 1, OFFSET] : layout[row + 1, OFFSET] + outputs]
    multiply(work, h, inputs, 1, theta, layout[row, OFFSET], work, output, batch, inputs, outputs, False)
    activate_biased(block(work, output, batch, outputs), bias, int(table[layer, ACTIVATION]))


@helper
def connect_back(theta, layout, table, layer, work, h, delta, batch, scratch, out, add, to_inputs, add_inputs):
    """Write the derivatives of the loss with respect to weights and bias to `out`, or with `add` add them to `out`.

    `delta` is the index of the derivative with respect to z. The derivative with respect to the inputs is written to index
    `to_inputs`, or with `add_inputs` added, if `to_inputs` is not negative.
    """
    row, outputs = int(table[layer, TENSOR]), int(table[layer, OUT_CHANNELS])
    inputs = int(table[layer, HEIGHT]) * int(table[layer, WIDTH]) * int(table[layer, CHANNELS])
    weights = layout[row, OFFSET]
    multiply(work, h, 1, inputs, work, delta, out, weights, inputs, batch, outputs, add)
    sum_of_rows(work, delta, batch, outputs, scratch, add, out, layout[row + 1, OFFSET])
    if to_inputs >= 0:
        multiply_transposed(work, delta, theta, weights, work, to_inputs, batch, outputs, inputs, add_inputs)
