"""Loss and gradient of fully connected networks of any depth.

Layer l computes z = h·W + b, and a hidden layer then computes h = activation(z). The loss is a function of the last z. The
layout holds W0, b0, W1, b1, …, with W of shape (fan_in, fan_out). Losses are means over the rows. Matrices are parts of the
flat workspace. A variable such as `z` or `delta` is the index where a matrix starts in the workspace.
"""

import numpy as np

from sweepgd.core.layout import FAN_IN, FAN_OUT, OFFSET
from sweepgd.kernels.compiling import helper
from sweepgd.kernels.losses import SQUARED, losses, wrong_rows
from sweepgd.kernels.matmul import multiply, multiply_transposed
from sweepgd.kernels.views import block, flat

# The activations, as values of settings[0]. The loss is settings[1].
RELU, TANH, SIGMOID = range(3)

# The number of rows that an evaluation processes at a time. The activations of a layer of 64 units then take 64 KiB and stay in
# the second-level cache.
CHUNK = 256


def workspace(widths: tuple[int, ...], batch: int) -> int:
    """Return the length of scratch memory for `batch` rows. The memory holds the activations of all layers, and two gradients
    of the widest layer.
    """
    return max(batch, CHUNK) * (sum(widths) + 2 * max(widths))


@helper
def gather(inputs, rows, h):
    """Copy the rows of `inputs` with indices `rows` to h."""
    for i in range(rows.size):
        row = rows[i]
        for k in range(inputs.shape[1]):
            h[i, k] = inputs[row, k]


@helper
def add_bias(z, bias):
    """z ← z + bias in each row. z is (rows, outputs), and bias is (outputs,)."""
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] += bias[j]


@helper
def activate(z, bias, activation):
    """z ← activation(z + b)."""
    zero, one = z.dtype.type(0), z.dtype.type(1)
    if activation == RELU:
        for i in range(z.shape[0]):
            for j in range(z.shape[1]):
                value = z[i, j] + bias[j]
                z[i, j] = zero if value < 0 else value  # "value if value > 0" would turn NaN into 0 and hide divergence
        return
    add_bias(z, bias)
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] = np.tanh(z[i, j]) if activation == TANH else one / (one + np.exp(-z[i, j]))


@helper
def times_derivative(delta, h, activation):
    """delta ← activation'(z)·delta, computed from h = activation(z)."""
    zero, one = h.dtype.type(0), h.dtype.type(1)
    for i in range(h.shape[0]):
        if activation == RELU:
            for j in range(h.shape[1]):
                delta[i, j] = delta[i, j] if h[i, j] > 0 else zero
        elif activation == TANH:
            for j in range(h.shape[1]):
                delta[i, j] *= one - h[i, j] * h[i, j]
        else:
            for j in range(h.shape[1]):
                delta[i, j] *= h[i, j] * (one - h[i, j])


@helper
def sum_of_rows(work, delta, batch, columns, one, add, out, at):
    """Write the sums of the columns of delta, (batch, columns), to `out` from index `at`. With `add`, add the sums to `out`.

    The sums are the product of a row of ones and delta. This product takes a third of the time of a loop over rows. `one` is
    the index of a number in `work` that may be overwritten.
    """
    work[one] = 1
    multiply(work, one, 0, 0, work, delta, out, at, 1, batch, columns, add)


@helper
def forward(theta, layout, activation, inputs, first, batch, work):
    """Compute all layers for `batch` rows that start at index `first` of flat `inputs`, and return the index of the last z in
    `work`.

    The activations of all layers are written one after another to `work`, from index batch·inputs.
    """
    layers = layout.shape[0] // 2
    h = 0
    for layer in range(layers):
        fan_in, fan_out = layout[2 * layer, FAN_IN], layout[2 * layer, FAN_OUT]
        weights, start = layout[2 * layer, OFFSET], layout[2 * layer + 1, OFFSET]
        bias = theta[start : start + fan_out]
        z = h + batch * fan_in
        source, at = (inputs, first) if layer == 0 else (work, h)
        multiply(source, at, fan_in, 1, theta, weights, work, z, batch, fan_in, fan_out, False)
        if layer + 1 < layers:
            activate(block(work, z, batch, fan_out), bias, activation)
        else:
            add_bias(block(work, z, batch, fan_out), bias)
        h = z
    return h


@helper
def widest_layer(layout):
    """Return the largest number of inputs or outputs of any layer."""
    widest = layout[0, FAN_IN]
    for row in range(0, layout.shape[0], 2):
        widest = max(widest, layout[row, FAN_OUT])
    return widest


@helper
def backward(theta, layout, activation, inputs, first, batch, z, delta, previous, work, out, add):
    """Compute the gradient by backpropagation, after a call of `forward` with the same arguments. Write the gradient to `out`,
    or with `add` add it to `out`.

    `z` is the index of the last z, and `delta` is the index of the loss' derivative with respect to the last z. From index
    `previous`, `work` has room for the derivative with respect to the widest layer.
    """
    for layer in range(layout.shape[0] // 2 - 1, -1, -1):
        offset, bias = layout[2 * layer, OFFSET], layout[2 * layer + 1, OFFSET]
        fan_in, fan_out = layout[2 * layer, FAN_IN], layout[2 * layer, FAN_OUT]
        z -= batch * fan_in
        source, at = (inputs, first) if layer == 0 else (work, z)
        multiply(source, at, 1, fan_in, work, delta, out, offset, fan_in, batch, fan_out, add)
        sum_of_rows(work, delta, batch, fan_out, previous, add, out, bias)
        if layer > 0:
            multiply_transposed(work, delta, theta, offset, work, previous, batch, fan_out, fan_in, False)
            times_derivative(block(work, previous, batch, fan_in), block(work, z, batch, fan_in), activation)
            delta, previous = previous, delta


def gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    """Return the mean loss over `rows`, and write its gradient to `out`."""
    theta, out, work = flat(theta), flat(out), flat(work)
    activation, loss = int(settings[0]), int(settings[1])
    batch, widest, outputs = rows.size, widest_layer(layout), layout[layout.shape[0] - 2, FAN_OUT]

    gather(inputs, rows, block(work, 0, batch, inputs.shape[1]))
    z = forward(theta, layout, activation, work, 0, batch, work)
    delta = z + batch * outputs
    previous = delta + batch * widest
    y = block(work, previous, batch, targets.shape[1])
    gather(targets, rows, y)
    scale = theta.dtype.type(1.0 / batch)
    total = losses(block(work, z, batch, outputs), y, loss, scale, block(work, delta, batch, outputs))
    backward(theta, layout, activation, work, 0, batch, z, delta, previous, work, out, False)
    return total / batch


def evaluate(theta, buffers, inputs, targets, layout, settings, work):
    """Return the mean loss over all rows and the share of misclassified rows (NaN for squared error)."""
    return _evaluate(theta, inputs, targets, layout, settings, False, work, work)


def evaluate_with_gradient(theta, buffers, inputs, targets, layout, settings, work, out):
    """Return the results of `evaluate`, and write the gradient of the mean loss to `out`."""
    return _evaluate(theta, inputs, targets, layout, settings, True, work, out)


def predict(theta, buffers, inputs, layout, settings, work, outputs):
    """Write the last z of each row to `outputs`, (rows, outputs). These are the logits of the classes, or the predicted
    targets.
    """
    theta, work, data, count = flat(theta), flat(work), flat(inputs), inputs.shape[0]
    for start in range(0, count, CHUNK):
        batch = min(CHUNK, count - start)
        z = forward(theta, layout, int(settings[0]), data, start * inputs.shape[1], batch, work)
        last = block(work, z, batch, outputs.shape[1])
        for i in range(batch):
            for j in range(outputs.shape[1]):
                outputs[start + i, j] = last[i, j]


@helper
def _evaluate(theta, inputs, targets, layout, settings, with_gradient, work, out):
    activation, loss = int(settings[0]), int(settings[1])
    count, outputs, widest = inputs.shape[0], layout[layout.shape[0] - 2, FAN_OUT], widest_layer(layout)
    theta, work, out, data = flat(theta), flat(work), flat(out), flat(inputs)
    scale, total, wrong = theta.dtype.type(1.0 / count), 0.0, 0
    for start in range(0, count, CHUNK):
        batch, first = min(CHUNK, count - start), start * inputs.shape[1]
        z = forward(theta, layout, activation, data, first, batch, work)
        logits, y = block(work, z, batch, outputs), targets[start : start + batch]
        delta = z + batch * outputs
        total += losses(logits, y, loss, scale, block(work, delta, batch, outputs))
        if loss != SQUARED:
            wrong += wrong_rows(logits, y, loss)
        if with_gradient:
            previous = delta + batch * widest
            backward(theta, layout, activation, data, first, batch, z, delta, previous, work, out, start > 0)
    return total / count, wrong / count if loss != SQUARED else np.nan
