"""Two-dimensional convolution, as a matrix product of patches and weights.

The weights are (kernel height, kernel width, channels, filters), and the bias is (filters,). As in all libraries for networks,
the kernel is not flipped, so that the layer is a cross-correlation.
"""

import numpy as np

from sweepgd.core.layout import OFFSET
from sweepgd.kernels.compiling import helper
from sweepgd.kernels.layers.activation import activate_biased
from sweepgd.kernels.layers.layer_table import (
    ACTIVATION,
    CHANNELS,
    HEIGHT,
    KERNEL_HEIGHT,
    KERNEL_WIDTH,
    OUT_CHANNELS,
    OUT_HEIGHT,
    OUT_WIDTH,
    PAD_LEFT,
    PAD_TOP,
    STRIDE,
    TENSOR,
    WIDTH,
)
from sweepgd.kernels.layers.patches import clear, copy_patches, copy_transposed_patches
from sweepgd.kernels.matmul import multiply, multiply_transposed
from sweepgd.kernels.network import sum_of_rows
from sweepgd.kernels.views import block

# A row of a kernel with fewer numbers is copied slowly, and patches are stored transposed.
SHORT_RUN = 24

# The patches of so many numbers are made at a time, if those of one image are not more.
PATCHES = 1 << 16


@helper
def patch_size(table, layer):
    """Return the number of inputs of one output pixel."""
    window = int(table[layer, KERNEL_HEIGHT]) * int(table[layer, KERNEL_WIDTH])
    return window * int(table[layer, CHANNELS])


@helper
def pixels_of(table, layer):
    """Return the number of output pixels of an image."""
    return int(table[layer, OUT_HEIGHT]) * int(table[layer, OUT_WIDTH])


@helper
def group_size(table, layer, batch):
    """Return the number of images whose patches are made at a time."""
    numbers = pixels_of(table, layer) * patch_size(table, layer)
    return min(batch, max(np.int64(1), PATCHES // numbers))


@helper
def is_transposed(table, layer):
    """Return True if the matrix of patches is stored transposed."""
    return int(table[layer, KERNEL_WIDTH]) * int(table[layer, CHANNELS]) < SHORT_RUN


@helper
def is_pointwise(table, layer):
    """Return True if the images themselves are the patches."""
    window = int(table[layer, KERNEL_HEIGHT]) * int(table[layer, KERNEL_WIDTH])
    padding = int(table[layer, PAD_TOP]) + int(table[layer, PAD_LEFT])
    pixels = int(table[layer, HEIGHT]) * int(table[layer, WIDTH])
    return window == 1 and int(table[layer, STRIDE]) == 1 and padding == 0 and pixels == pixels_of(table, layer)


@helper
def patches_of(table, layer, work, images, count, scratch):
    """Make the matrix of patches of `count` images, from index `images` of `work`.

    Return its index and its strides of pixels and of the inputs in a patch.
    """
    size = patch_size(table, layer)
    if is_pointwise(table, layer):
        return images, size, np.int64(1)
    pixels = count * pixels_of(table, layer)
    if is_transposed(table, layer):
        copy_transposed_patches(table, layer, work, images, count, scratch, scratch + pixels * size)
        return scratch, np.int64(1), pixels
    copy_patches(table, layer, work, images, count, scratch, np.bool_(False))
    return scratch, size, np.int64(1)


@helper
def convolve(theta, layout, table, layer, work, images, output, batch, scratch):
    """Write the outputs of the layer for `batch` images. `images`, `output` and `scratch` are indices of `work`."""
    row = int(table[layer, TENSOR])
    filters, size, pixels = int(table[layer, OUT_CHANNELS]), patch_size(table, layer), pixels_of(table, layer)
    area = int(table[layer, HEIGHT]) * int(table[layer, WIDTH]) * int(table[layer, CHANNELS])
    bias = theta[layout[row + 1, OFFSET] : layout[row + 1, OFFSET] + filters]
    group = group_size(table, layer, batch)
    for first in range(0, batch, group):
        count = min(group, batch - first)
        at, a_row, a_inner = patches_of(table, layer, work, images + first * area, count, scratch)
        z, rows = output + first * pixels * filters, count * pixels
        multiply(work, at, a_row, a_inner, theta, layout[row, OFFSET], work, z, rows, size, filters, False)
        activate_biased(block(work, z, rows, filters), bias, int(table[layer, ACTIVATION]))


@helper
def convolve_back(theta, layout, table, layer, work, images, delta, batch, scratch, out, add, to_images, add_images):
    """Write the derivatives of the loss with respect to weights and bias to `out`, or with `add` add them to `out`.

    `delta` is the index of the derivative with respect to z. The derivative with respect to the images is written to index
    `to_images`, or with `add_images` added, if `to_images` is not negative.
    """
    row = int(table[layer, TENSOR])
    filters, size, pixels = int(table[layer, OUT_CHANNELS]), patch_size(table, layer), pixels_of(table, layer)
    area = int(table[layer, HEIGHT]) * int(table[layer, WIDTH]) * int(table[layer, CHANNELS])
    weights = layout[row, OFFSET]
    group, pointwise = group_size(table, layer, batch), is_pointwise(table, layer)
    sum_of_rows(work, delta, batch * pixels, filters, scratch, add, out, layout[row + 1, OFFSET])
    if to_images >= 0 and not pointwise and not add_images:
        clear(work, to_images, batch * area)
    for first in range(0, batch, group):
        count = min(group, batch - first)
        d, rows = delta + first * pixels * filters, count * pixels
        at, a_row, a_inner = patches_of(table, layer, work, images + first * area, count, scratch)
        multiply(work, at, a_inner, a_row, work, d, out, weights, size, rows, filters, add or first > 0)
        if to_images >= 0:
            back = to_images + first * area if pointwise else scratch
            multiply_transposed(work, d, theta, weights, work, back, rows, filters, size, pointwise and add_images)
            if not pointwise:
                copy_patches(table, layer, work, to_images + first * area, count, scratch, np.bool_(True))
