"""Sums of two values of the same shape, as at the end of a residual block (He et al. 2016)."""

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.layers.activation import activate_values
from sweepgd.kernels.layers.layer_table import ACTIVATION, CHANNELS, HEIGHT, WIDTH
from sweepgd.kernels.layers.patches import add_to, copy
from sweepgd.kernels.views import block


@helper
def sum_values(table, layer, work, first, second, output, batch):
    """Write the activation of the sum of two values. `first`, `second` and `output` are indices of `work`."""
    size = batch * int(table[layer, HEIGHT]) * int(table[layer, WIDTH]) * int(table[layer, CHANNELS])
    copy(work, first, output, size)
    add_to(work, second, output, size)
    activate_values(block(work, output, 1, size), int(table[layer, ACTIVATION]))


@helper
def give(work, delta, derivative, add, size):
    """Write `size` derivatives to index `derivative`, or with `add` add them, if the index is not negative."""
    if derivative < 0:
        return
    if add:
        add_to(work, delta, derivative, size)
    else:
        copy(work, delta, derivative, size)
