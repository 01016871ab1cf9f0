"""The patches of images that a convolution multiplies by its weights, as a matrix.

A patch holds the inputs of one output pixel, in the order of the weights: height, width and channels of the kernel. Pixels
outside of the image are zero. With patches, a convolution is one long matrix product (Chellapilla, Puri & Simard 2006). To copy
them takes a few percent of the product's time, because one row of a patch is contiguous in the image. If such a row is short,
as for images with one or three channels, the matrix is stored transposed, and its rows are copied from single channels.
"""

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.layers.layer_table import (
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
    WIDTH,
)
from sweepgd.kernels.views import block


@helper
def clear(work, start, count):
    """Write `count` zeros."""
    zeros, zero = block(work, start, 1, count), work.dtype.type(0)
    for j in range(count):
        zeros[0, j] = zero


@helper
def copy(work, source, start, count):
    """Copy `count` numbers from index `source` to index `start`."""
    given, copied = block(work, source, 1, count), block(work, start, 1, count)
    for j in range(count):
        copied[0, j] = given[0, j]


@helper
def add_to(work, source, start, count):
    """Add `count` numbers from index `source` to those from index `start`."""
    given, total = block(work, source, 1, count), block(work, start, 1, count)
    for j in range(count):
        total[0, j] += given[0, j]


@helper
def copy_patches(table, layer, work, images, count, patches, back):
    """Write the patches of `count` images to a matrix, (pixels of all images, patch), or with `back` add the patches to images.

    `images` and `patches` are indices of `work`.
    """
    height, width, channels = int(table[layer, HEIGHT]), int(table[layer, WIDTH]), int(table[layer, CHANNELS])
    out_height, out_width = int(table[layer, OUT_HEIGHT]), int(table[layer, OUT_WIDTH])
    kernel_height, kernel_width = int(table[layer, KERNEL_HEIGHT]), int(table[layer, KERNEL_WIDTH])
    stride, top, left = int(table[layer, STRIDE]), int(table[layer, PAD_TOP]), int(table[layer, PAD_LEFT])
    run = kernel_width * channels
    for image in range(count):
        pixels = images + image * height * width * channels
        for i in range(out_height):
            for j in range(out_width):
                x = j * stride - left
                # The columns of the kernel that are inside of the image.
                first, stop = max(0, -x), min(kernel_width, width - x)
                for k in range(kernel_height):
                    y = i * stride - top + k
                    if y < 0 or y >= height or stop <= first:
                        if not back:
                            clear(work, patches, run)
                    else:
                        at, inside = pixels + (y * width + x + first) * channels, (stop - first) * channels
                        if back:
                            add_to(work, patches + first * channels, at, inside)
                        else:
                            if inside < run:
                                clear(work, patches, run)
                            copy(work, at, patches + first * channels, inside)
                    patches += run


@helper
def copy_planes(table, layer, work, images, plane):
    """Write a padded image from index `plane`, in which each channel is stored by itself, and one more row of zeros."""
    height, width, channels = int(table[layer, HEIGHT]), int(table[layer, WIDTH]), int(table[layer, CHANNELS])
    stride, top, left = int(table[layer, STRIDE]), int(table[layer, PAD_TOP]), int(table[layer, PAD_LEFT])
    padded_height = (int(table[layer, OUT_HEIGHT]) - 1) * stride + int(table[layer, KERNEL_HEIGHT])
    padded_width = wide_row(table, layer)
    clear(work, plane, (padded_height * channels + 1) * padded_width)
    for y in range(min(height, padded_height - top)):
        used = min(width, padded_width - left)
        row = block(work, images + y * width * channels, used, channels)
        for c in range(channels):
            plane_row = block(work, plane + (c * padded_height + y + top) * padded_width + left, 1, used)
            for x in range(used):
                plane_row[0, x] = row[x, c]


@helper
def wide_row(table, layer):
    """Return the width of an image with its padding, as far as windows reach."""
    return (int(table[layer, OUT_WIDTH]) - 1) * int(table[layer, STRIDE]) + int(table[layer, KERNEL_WIDTH])


@helper
def copy_transposed_patches(table, layer, work, images, count, patches, plane):
    """Write the patches of `count` images to a matrix, (patch, pixels of all images).

    From index `plane`, `work` has room for the planes of an image.
    """
    channels, out_height, out_width = int(table[layer, CHANNELS]), int(table[layer, OUT_HEIGHT]), int(table[layer, OUT_WIDTH])
    kernel_height, kernel_width = int(table[layer, KERNEL_HEIGHT]), int(table[layer, KERNEL_WIDTH])
    stride, padded_width, pixels = int(table[layer, STRIDE]), wide_row(table, layer), out_height * out_width
    area = ((out_height - 1) * stride + kernel_height) * padded_width
    size = int(table[layer, HEIGHT]) * int(table[layer, WIDTH]) * channels
    for image in range(count):
        copy_planes(table, layer, work, images + image * size, plane)
        at = patches + image * pixels
        for k in range(kernel_height):
            for m in range(kernel_width):
                for c in range(channels):
                    for i in range(out_height):
                        source = plane + c * area + (i * stride + k) * padded_width + m
                        if stride == 1:
                            copy(work, source, at + i * out_width, out_width)
                        else:
                            spread = block(work, source, 1, (out_width - 1) * stride + 1)
                            row = block(work, at + i * out_width, 1, out_width)
                            for j in range(out_width):
                                row[0, j] = spread[0, j * stride]
                    at += count * pixels


@helper
def copy_wide_patches(table, layer, work, images, count, patches, plane):
    """Do the same as `copy_transposed_patches` for windows at a distance of 1, with a patch for each pixel of the padded width.

    A row of the matrix is then a single run of each plane. The last patches of each row of pixels belong to no output.
    """
    channels, out_height = int(table[layer, CHANNELS]), int(table[layer, OUT_HEIGHT])
    kernel_height, kernel_width = int(table[layer, KERNEL_HEIGHT]), int(table[layer, KERNEL_WIDTH])
    padded_width = wide_row(table, layer)
    area, pixels = (out_height - 1 + kernel_height) * padded_width, out_height * padded_width
    size = int(table[layer, HEIGHT]) * int(table[layer, WIDTH]) * channels
    for image in range(count):
        copy_planes(table, layer, work, images + image * size, plane)
        at = patches + image * pixels
        for k in range(kernel_height):
            for m in range(kernel_width):
                for c in range(channels):
                    copy(work, plane + c * area + k * padded_width + m, at, pixels)
                    at += count * pixels


@helper
def copy_narrow_rows(table, layer, work, wide, count, narrow, back):
    """Copy the outputs of `count` images without those that belong to no pixel. With `back`, copy from narrow to wide rows, and
    write zeros for those.
    """
    filters = int(table[layer, OUT_CHANNELS])
    used, row = int(table[layer, OUT_WIDTH]) * filters, wide_row(table, layer) * filters
    for _ in range(count * int(table[layer, OUT_HEIGHT])):
        if back:
            copy(work, narrow, wide, used)
            clear(work, wide + used, row - used)
        else:
            copy(work, wide, narrow, used)
        narrow += used
        wide += row
