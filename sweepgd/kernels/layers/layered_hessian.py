"""Products with the Hessian and the Gauss-Newton matrix of networks that are lists of layers, in evaluation mode.

The method is that of `sweepgd.kernels.network_hessian` (Pearlmutter 1994; Schraudolph 2002). A few images are processed at a
time, so that their values stay in the processor's cache. `kept` holds, for each group of images, the values of all layers and
then the derivatives of the loss δ. `work` holds the same for one group, then R of the values, R of δ, and the terms in σ'' of
the activations, then the statistics of batch normalization, and then scratch memory. All have the same order, so that the
distance from a value to each of these numbers is a multiple of the size of all values.
"""

import numpy as np
import numpy.typing as npt

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.layers import layered_network
from sweepgd.kernels.layers.image_rows import place_row
from sweepgd.kernels.layers.layer_passes import forward, output_size
from sweepgd.kernels.layers.layer_table import CHANNELS, CHUNK, COLUMNS, HEADER, LOSS, MEMORY, NORMALIZED, VALUES
from sweepgd.kernels.layers.layered_network import EVALUATED, copy_targets, statistics_size, table_of
from sweepgd.kernels.layers.patches import clear
from sweepgd.kernels.layers.tangent_passes import tangents_backward, tangents_forward
from sweepgd.kernels.loss_hessian import residuals, times_covariance, to_probabilities
from sweepgd.kernels.losses import SOFTMAX
from sweepgd.kernels.views import block, flat

# The number of rows of a product. The values of 64 images of simple_cnn take 20 MB.
ROWS = 64


def kept(settings: npt.NDArray[np.float64], batch: int) -> int:
    """Return the length of the array that `product` keeps for `batch` rows."""
    return int(2 * batch * settings[VALUES])


def workspace(settings: npt.NDArray[np.float64], batch: int) -> int:
    """Return the length of scratch memory for `batch` rows."""
    images = int(settings[CHUNK]) or EVALUATED
    statistics = 4 * int(settings[HEADER:].reshape(-1, COLUMNS)[:, CHANNELS].max())
    return layered_network.workspace(settings, images) + images * int(5 * settings[VALUES] - settings[MEMORY]) + statistics


@helper
def exchange(source, start, destination, at, count):
    """Copy `count` numbers from one array to another."""
    given, copied = block(source, start, 1, count), block(destination, at, 1, count)
    for j in range(count):
        copied[0, j] = given[0, j]


def product(theta, direction, buffers, inputs, targets, rows, layout, settings, gauss_newton, fresh, kept, work, out):
    """Write the Hessian (or Gauss-Newton matrix) of the mean loss over `rows` times `direction` to `out`.

    Without `fresh`, `kept` holds the values and derivatives of an earlier call with the same parameters and rows.
    """
    theta, direction, buffers, settings = flat(theta), flat(direction), flat(buffers), flat(settings)
    kept, work, out = flat(kept), flat(work), flat(out)
    table, size, loss, normalized = table_of(settings), inputs.shape[1], int(settings[LOSS]), settings[NORMALIZED] != 0
    values, outputs = np.int64(settings[VALUES]), output_size(table, table.shape[0] - 1)
    chunk, scale = int(settings[CHUNK]), theta.dtype.type(1.0 / rows.size)
    if chunk == 0:
        chunk = EVALUATED
    key, training = np.int64(0), np.bool_(False)
    # The first pass computes values and δ. δ of all layers follows from that of the outputs, as R of δ does without terms in δ.
    for is_product in range(0 if fresh else 1, 2):
        for first in range(0, rows.size, chunk):
            batch = min(chunk, rows.size - first)
            distance, at = batch * values, 2 * first * values
            last, scratch = distance - batch * outputs, 5 * distance + statistics_size(table)
            logits, rdelta = block(work, last, batch, outputs), block(work, last + 3 * distance, batch, outputs)
            linear = gauss_newton or is_product == 0
            if is_product:
                exchange(kept, at, work, np.int64(0), distance if linear else 2 * distance)
                tangents_forward(theta, direction, layout, table, buffers, batch, work, distance, scratch, linear)
                times_covariance(logits, loss, scale, block(work, last + 2 * distance, batch, outputs), rdelta)
            else:
                for i in range(batch):
                    place_row(inputs, rows[first + i], buffers, normalized, work, i * size)
                statistics = 5 * distance - 2 * size * normalized
                forward(theta, layout, table, buffers, batch, first, key, training, work, statistics, scratch)
                y = block(work, scratch, batch, targets.shape[1])
                for i in range(batch):
                    copy_targets(targets, rows[first + i], y, i)
                if loss == SOFTMAX:
                    to_probabilities(logits)
                residuals(logits, y, loss, scale, rdelta)
                clear(work, 2 * distance, distance)
            add = first > 0
            tangents_backward(theta, direction, layout, table, buffers, batch, work, distance, scratch, linear, out, add)
            if not is_product:
                exchange(work, np.int64(0), kept, at, distance)
                exchange(work, 3 * distance, kept, at + distance, distance)
