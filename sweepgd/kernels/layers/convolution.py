"""Two-dimensional convolution and dense layers, as a matrix product of patches and weights.

The weights are (kernel height, kernel width, channels, filters), and the bias is (filters,). As in all libraries for networks,
the kernel is not flipped, so that the layer is a cross-correlation. A dense layer has one patch, which is the whole image.
"""

import numpy as np

from sweepgd.core.layout import OFFSET
from sweepgd.kernels.compiling import helper, inlined
from sweepgd.kernels.layers.activation import activate_biased
from sweepgd.kernels.layers.layer_table import (
    ACTIVATION,
    CHANNELS,
    DENSE,
    HEIGHT,
    KERNEL_HEIGHT,
    KERNEL_WIDTH,
    KIND,
    OUT_CHANNELS,
    OUT_HEIGHT,
    OUT_WIDTH,
    PAD_LEFT,
    PAD_TOP,
    STRIDE,
    TENSOR,
    WIDTH,
)
from sweepgd.kernels.layers.patches import (
    clear,
    copy_narrow_rows,
    copy_patches,
    copy_transposed_patches,
    copy_wide_patches,
    wide_row,
)
from sweepgd.kernels.matmul import multiply, multiply_transposed

# A row of a kernel with fewer numbers is copied slowly, and patches are stored transposed.
SHORT_RUN = 24

# The patches of so many numbers are made at a time, if those of one image are not more.
PATCHES = 1 << 16


@helper
def image_size(table, layer):
    """Return the number of inputs of a layer for one image."""
    return int(table[layer, HEIGHT]) * int(table[layer, WIDTH]) * int(table[layer, CHANNELS])


@helper
def patch_size(table, layer):
    """Return the number of inputs of one output pixel."""
    if table[layer, KIND] == DENSE:
        return image_size(table, layer)
    return int(table[layer, KERNEL_HEIGHT]) * int(table[layer, KERNEL_WIDTH]) * int(table[layer, CHANNELS])


@helper
def are_patches(table, layer):
    """Return True if the images themselves are the patches, as in a dense layer, for a kernel of the size of the image, and for
    one of a single pixel.
    """
    if table[layer, KIND] == DENSE:
        return True
    height, width = int(table[layer, KERNEL_HEIGHT]), int(table[layer, KERNEL_WIDTH])
    pixels, padding = (
        int(table[layer, OUT_HEIGHT]) * int(table[layer, OUT_WIDTH]),
        table[layer, PAD_TOP] + table[layer, PAD_LEFT],
    )
    if height == table[layer, HEIGHT] and width == table[layer, WIDTH] and pixels == 1 and padding == 0:
        return True
    return height == 1 and width == 1 and pixels == int(table[layer, HEIGHT]) * int(table[layer, WIDTH])


@helper
def patches_of(table, layer, work, images, count, scratch):
    """Make the matrix of patches of `count` images, from index `images` of `work`.

    Return its index and its strides of pixels and of the inputs in a patch.
    """
    size, pixels = patch_size(table, layer), count * int(table[layer, OUT_HEIGHT]) * int(table[layer, OUT_WIDTH])
    if are_patches(table, layer):
        return images, size, np.int64(1)
    if int(table[layer, KERNEL_WIDTH]) * int(table[layer, CHANNELS]) < SHORT_RUN:
        copy_transposed_patches(table, layer, work, images, count, scratch, scratch + pixels * size)
        return scratch, np.int64(1), pixels
    copy_patches(table, layer, work, images, count, scratch, np.bool_(False))
    return scratch, size, np.int64(1)


@helper
def sizes_of(table, layer, batch):
    """Return the number of filters, of inputs of a patch, of output pixels, of inputs of an image, and of images whose patches
    are made at a time.
    """
    size, pixels = patch_size(table, layer), int(table[layer, OUT_HEIGHT]) * int(table[layer, OUT_WIDTH])
    group = batch if are_patches(table, layer) else min(batch, max(np.int64(1), PATCHES // (pixels * size)))
    return int(table[layer, OUT_CHANNELS]), size, pixels, image_size(table, layer), group


@helper
def has_wide_patches(table, layer):
    """Return True for a convolution whose patches and outputs have one for each pixel of the padded width.

    The copy of outputs must cost less than the copy of the patches' short rows. For the first convolution of LeNet-5, 25 rows
    of 896 patches take 0.7 µs, and 25·28 rows of 28 patches 3.9 µs.
    """
    size, short = patch_size(table, layer), int(table[layer, KERNEL_WIDTH]) * int(table[layer, CHANNELS]) < SHORT_RUN
    return short and table[layer, STRIDE] == 1 and table[layer, OUT_CHANNELS] <= size and not are_patches(table, layer)


@helper
def wide_sizes(table, layer, batch):
    """Return the number of pixels of the padded width for one image, and of images whose patches and outputs fit."""
    wide = int(table[layer, OUT_HEIGHT]) * wide_row(table, layer)
    numbers = wide * (patch_size(table, layer) + int(table[layer, OUT_CHANNELS]))
    return wide, min(batch, max(np.int64(1), PATCHES // numbers))


@inlined
def convolve(theta, layout, table, layer, work, images, output, batch, scratch):
    """Write the outputs of the layer for `batch` images. `images`, `output` and `scratch` are indices of `work`."""
    row = int(table[layer, TENSOR])
    filters, size, pixels, area, group = sizes_of(table, layer, batch)
    weights, bias = layout[row, OFFSET], theta[layout[row + 1, OFFSET] : layout[row + 1, OFFSET] + filters]
    add, is_wide, wide = np.bool_(False), has_wide_patches(table, layer), pixels
    if is_wide:
        wide, group = wide_sizes(table, layer, batch)
    for first in range(0, batch, group):
        count = min(group, batch - first)
        z, rows = output + first * pixels * filters, count * pixels
        to, computed = z, count * wide
        if is_wide:
            at, a_row, a_inner, to = scratch, np.int64(1), computed, scratch + computed * size
            copy_wide_patches(table, layer, work, images + first * area, count, at, to)
        else:
            at, a_row, a_inner = patches_of(table, layer, work, images + first * area, count, scratch)
        multiply(work, at, a_row, a_inner, theta, weights, work, to, computed, size, filters, add)
        if is_wide:
            copy_narrow_rows(table, layer, work, to, count, z, np.bool_(False))
        activate_biased(work, z, rows, filters, bias, int(table[layer, ACTIVATION]))


@inlined
def convolve_back(theta, layout, table, layer, work, images, delta, batch, scratch, out, add, to_images, add_images):
    """Write the derivatives of the loss with respect to weights and bias to `out`, or with `add` add them to `out`.

    `delta` is the index of the derivative with respect to z. The derivative with respect to the images is written to index
    `to_images`, or with `add_images` added, if `to_images` is not negative.
    """
    row = int(table[layer, TENSOR])
    filters, size, pixels, area, group = sizes_of(table, layer, batch)
    weights, bias, zero, one = layout[row, OFFSET], layout[row + 1, OFFSET], np.int64(0), np.int64(1)
    work[scratch] = 1  # the sums of the columns of delta are the product of a row of ones and delta
    multiply(work, scratch, zero, zero, work, delta, out, bias, one, batch * pixels, filters, np.bool_(add))
    same, is_wide, wide = are_patches(table, layer), has_wide_patches(table, layer), pixels
    if is_wide:
        wide, group = wide_sizes(table, layer, batch)
    if to_images >= 0 and not same and not add_images:
        clear(work, to_images, batch * area)
    for first in range(0, batch, group):
        count = min(group, batch - first)
        d, rows = delta + first * pixels * filters, count * pixels
        given, computed = d, count * wide
        if is_wide:
            at, a_row, a_inner, given = scratch, np.int64(1), computed, scratch + computed * size
            copy_wide_patches(table, layer, work, images + first * area, count, at, given)
            copy_narrow_rows(table, layer, work, given, count, d, np.bool_(True))
        else:
            at, a_row, a_inner = patches_of(table, layer, work, images + first * area, count, scratch)
        multiply(work, at, a_inner, a_row, work, given, out, weights, size, computed, filters, np.bool_(add or first > 0))
        if to_images >= 0:
            back = to_images + first * area if same else scratch
            multiply_transposed(work, d, theta, weights, work, back, rows, filters, size, np.bool_(same and add_images))
            if not same:
                copy_patches(table, layer, work, to_images + first * area, count, scratch, np.bool_(True))
