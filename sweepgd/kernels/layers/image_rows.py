"""The images of a batch, normalized and augmented while they are gathered.

The augmentation of an image depends on the key of the update and on its row in the batch. An image is moved by at most `crop`
pixels in both directions, with zeros outside of the image, and is flipped from left to right with probability ½ (Krizhevsky,
Sutskever & Hinton 2012). Then a square of `cutout` pixels around any of its pixels is set to zero (DeVries & Taylor 2017). Zero
is the mean of normalized images.
"""

import numpy as np

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.layers.dropout import stream_of_row
from sweepgd.kernels.layers.layer_table import CHANNELS, CROP, CUTOUT, FLIP, HEIGHT, WIDTH
from sweepgd.kernels.normal_numbers import GAMMA, mixed, uniform
from sweepgd.kernels.views import block


@helper
def drawn_below(counter, count):
    """Return an integer in [0, count), and the counter for the next number."""
    counter += GAMMA
    return np.int64(uniform(mixed(counter)) * count), counter


@helper
def place_row(inputs, row, buffers, normalized, work, start):
    """Write a row of `inputs` to `work` from index `start`. With `normalized`, subtract the mean of each input and multiply by
    its inverse scale, which are the first numbers of `buffers`.
    """
    size, real = inputs.shape[1], work.dtype.type
    image = block(work, start, 1, size)
    if normalized:
        mean, inverse = block(buffers, 0, 1, size), block(buffers, size, 1, size)
        for j in range(size):
            image[0, j] = (real(inputs[row, j]) - mean[0, j]) * inverse[0, j]
    else:
        for j in range(size):
            image[0, j] = real(inputs[row, j])


@helper
def augment(settings, table, key, first, count, work, scratch):
    """Augment `count` images at the beginning of `work`. Image 0 is row `first` of the batch. `scratch` is the index of room
    for one image.
    """
    crop, flip, cutout = np.int64(settings[CROP]), settings[FLIP] != 0, np.int64(settings[CUTOUT])
    height, width, channels = int(table[0, HEIGHT]), int(table[0, WIDTH]), int(table[0, CHANNELS])
    size, zero = height * width * channels, work.dtype.type(0)
    for image in range(count):
        counter = stream_of_row(key, np.int64(-1), first + image)
        down, counter = drawn_below(counter, 2 * crop + 1)
        right, counter = drawn_below(counter, 2 * crop + 1)
        side, counter = drawn_below(counter, np.int64(2))
        row, counter = drawn_below(counter, height)
        column, counter = drawn_below(counter, width)
        flipped, top, left = flip and side == 1, row - cutout // 2, column - cutout // 2
        original, changed = block(work, scratch, 1, size), block(work, image * size, 1, size)
        for j in range(size):
            original[0, j] = changed[0, j]
        for y in range(height):
            for x in range(width):
                source_y, source_x = y + down - crop, (width - 1 - x if flipped else x) + right - crop
                inside = 0 <= source_y < height and 0 <= source_x < width
                cut = top <= y < top + cutout and left <= x < left + cutout
                for c in range(channels):
                    value = zero
                    if inside and not cut:
                        value = original[0, (source_y * width + source_x) * channels + c]
                    changed[0, (y * width + x) * channels + c] = value
