"""Inverted dropout: in training, units are set to zero with probability p, and the others are divided by 1 − p
(Srivastava et al. 2014).

The choice of a unit depends on the key of the update, the layer, the row of the batch and the unit. It is computed again in the
backward pass instead of being stored.
"""

import numpy as np

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.layers.layer_table import CHANNELS, DROPPED, HEIGHT, WIDTH
from sweepgd.kernels.normal_numbers import GAMMA, mixed, stream_of, uniform
from sweepgd.kernels.views import block


@helper
def stream_of_row(key, layer, row):
    """Return the counter at which the stream of a row of the batch begins. Layer −1 is the augmentation of images."""
    stream = mixed(stream_of(key) + np.uint64(layer + 1) * GAMMA)
    return mixed(stream + np.uint64(row) * GAMMA)


@helper
def drop(table, layer, key, first, work, h, output, batch, add):
    """output ← mask·h/(1 − p), or with `add` output ← output + mask·h/(1 − p).

    Row 0 is row `first` of the batch. `h` and `output` are indices of `work`. The derivative of the layer is the same function.
    """
    units = int(table[layer, HEIGHT]) * int(table[layer, WIDTH]) * int(table[layer, CHANNELS])
    share = table[layer, DROPPED]
    zero, factor = work.dtype.type(0), work.dtype.type(1.0 / (1.0 - share))
    for i in range(batch):
        counter = stream_of_row(key, layer, first + i)
        given, written = block(work, h + i * units, 1, units), block(work, output + i * units, 1, units)
        for j in range(units):
            counter += GAMMA
            kept = uniform(mixed(counter)) >= share
            written[0, j] = (written[0, j] if add else zero) + (factor * given[0, j] if kept else zero)
