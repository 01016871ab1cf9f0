"""Second moments of the gradients of single rows of networks that are lists of layers, in evaluation mode."""

import numpy as np
import numpy.typing as npt

from sweepgd.kernels.layers import layered_network
from sweepgd.kernels.layers.image_rows import place_row
from sweepgd.kernels.layers.layer_passes import backward, forward, output_size
from sweepgd.kernels.layers.layer_table import DERIVATIVE, LOSS, MEMORY, NORMALIZED, OUTPUT
from sweepgd.kernels.layers.layered_network import copy_targets, statistics_size, table_of
from sweepgd.kernels.loss_hessian import covariance_factor, covariance_factors, residuals, to_probabilities
from sweepgd.kernels.losses import SOFTMAX
from sweepgd.kernels.views import block, flat


def workspace(settings: npt.NDArray[np.float64], parameters: int) -> int:
    """Return the length of scratch memory, which ends with the gradient of one row."""
    return layered_network.workspace(settings, 1) + parameters


def second_moments(theta, buffers, inputs, targets, rows, layout, settings, fisher, work, out):
    """Write the mean over `rows` of the squared gradient of each row to `out`.

    With `fisher`, write instead the expectation of this mean over targets drawn from the model's distribution. It is a sum over
    backward passes, which start at the outputs with the vectors v of Σ vvᵀ = C.
    """
    theta, buffers, settings, work, out = flat(theta), flat(buffers), flat(settings), flat(work), flat(out)
    own = flat(block(work, work.size - theta.size, 1, theta.size))
    table, loss, normalized = table_of(settings), int(settings[LOSS]), settings[NORMALIZED] != 0
    memory, last, batch = np.int64(settings[MEMORY]), table.shape[0] - 1, np.int64(1)
    statistics, scratch = memory - 2 * inputs.shape[1] * normalized, memory + statistics_size(table)
    outputs = output_size(table, last)
    z, delta = block(work, int(table[last, OUTPUT]), batch, outputs), block(work, int(table[last, DERIVATIVE]), batch, outputs)
    key, training, scale = np.int64(0), np.bool_(False), theta.dtype.type(1.0 / np.sqrt(rows.size))
    out[:] = 0
    for i in range(rows.size):
        place_row(inputs, rows[i], buffers, normalized, work, np.int64(0))
        forward(theta, layout, table, buffers, batch, i, key, training, work, statistics, scratch)
        if loss == SOFTMAX:
            to_probabilities(z)
        for number in range(covariance_factors(loss, outputs) if fisher else 1):
            if fisher:
                covariance_factor(z, loss, number, scale, delta)
            else:
                y = block(work, scratch, batch, targets.shape[1])
                copy_targets(targets, rows[i], y, np.int64(0))
                residuals(z, y, loss, scale, delta)
            backward(theta, layout, table, batch, i, key, training, work, statistics, scratch, own, np.bool_(False))
            for j in range(out.size):
                out[j] += own[j] * own[j]
