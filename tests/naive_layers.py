"""A readable oracle of networks of layers in plain NumPy: the outputs and the loss of a table, computed image by window."""

import naive
import numpy as np

from sweepgd.kernels.layers import layer_table as at

LOSSES = ("squared", "binary", "softmax")


def activation(z, number):
    return z if number == at.IDENTITY else naive.ACTIVATIONS[("relu", "tanh", "sigmoid")[int(number)]][0](z)


def windows(x, row):
    """Yield each output pixel's position with its window of all images, NaN outside of the images, (n, kh, kw, channels)."""
    stride, top, left = (int(row[column]) for column in (at.STRIDE, at.PAD_TOP, at.PAD_LEFT))
    kernel = int(row[at.KERNEL_HEIGHT]), int(row[at.KERNEL_WIDTH])
    padded = np.pad(x, ((0, 0), (top, max(kernel)), (left, max(kernel)), (0, 0)), constant_values=np.nan)
    for i in range(int(row[at.OUT_HEIGHT])):
        for j in range(int(row[at.OUT_WIDTH])):
            yield (i, j), padded[:, i * stride : i * stride + kernel[0], j * stride : j * stride + kernel[1]]


def normalized(x, axes, scale, shift):
    return scale * (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5) + shift


def layer_output(row, x, second, tensors, buffers, training):
    """The output of one layer for inputs (n, height, width, channels)."""
    kind, shape = row[at.KIND], (len(x), *(int(row[column]) for column in (at.OUT_HEIGHT, at.OUT_WIDTH, at.OUT_CHANNELS)))
    if kind == at.SUM:
        return x + second
    if kind in (at.DROPOUT, at.ACTIVATE):
        return x
    if kind in (at.CONVOLUTION, at.MAX_POOL, at.AVERAGE_POOL):
        out = np.zeros(shape)
        for (i, j), window in windows(x, row):
            if kind == at.CONVOLUTION:
                out[:, i, j] = np.einsum("nhwc,hwcf->nf", np.nan_to_num(window), tensors[0]) + tensors[1]
            else:
                out[:, i, j] = (np.nanmax if kind == at.MAX_POOL else np.nanmean)(window, axis=(1, 2))
        return out
    if kind == at.DENSE:
        return (x.reshape(len(x), -1) @ tensors[0] + tensors[1]).reshape(shape)
    if kind == at.LAYER_NORM:
        return normalized(x, (1, 2, 3), *tensors)
    if training:
        return normalized(x, (0, 1, 2), *tensors)
    channels = shape[3]
    mean, variance = buffers[int(row[at.BUFFER]) :][: 2 * channels].reshape(2, channels)
    return tensors[0] * (x - mean) / np.sqrt(variance + 1e-5) + tensors[1]


def outputs(network, tensors, inputs, buffers, training):
    """The last layer's outputs, (n, outputs)."""
    values = {0: inputs.reshape(len(inputs), *network.images)}
    for row in network.rows:
        own = tensors[int(row[at.TENSOR]) :][:2]
        second = values[row[at.SECOND_INPUT]] if row[at.KIND] == at.SUM else None
        z = layer_output(row, values[row[at.INPUT]], second, own, buffers, training)
        values[row[at.OUTPUT]] = activation(z, row[at.ACTIVATION])
    return values[network.rows[-1][at.OUTPUT]].reshape(len(inputs), -1)


def loss(network, tensors, inputs, targets, buffers, training):
    """The mean loss."""
    z = outputs(network, tensors, inputs, buffers, training)
    return naive.output_loss(z, targets, LOSSES[int(network.settings[at.LOSS])])[0]
