"""Loss and gradient of fully connected networks of any depth, linear and logistic models included (no hidden layer).

Layer l computes z = h·W + b; hidden layers then h = activation(z), and the loss is taken on the last z. The layout holds
W0, b0, W1, b1, …, with W of shape (fan_in, fan_out). Losses are means over the rows.
"""

import numpy as np

from sweepgd.kernels.policy import helper
from sweepgd.layout import FAN_IN, FAN_OUT, OFFSET, SIZE

# settings[0] and settings[1] of a network.
RELU, TANH, SIGMOID = range(3)
SQUARED, BINARY, SOFTMAX = range(3)

# Rows at a time in evaluation: activations of a 64-wide layer then take 64 KiB, and stay in the second-level cache.
CHUNK = 256


def workspace(widths: tuple[int, ...], batch: int) -> int:
    """Reals of scratch memory for `batch` rows: every layer's activations, and two gradients of the widest one."""
    rows = max(batch, CHUNK)
    return rows * (sum(widths) + 2 * max(widths))


@helper
def weights(theta, layout, layer):
    row = layout[2 * layer]
    return theta[row[OFFSET] : row[OFFSET] + row[SIZE]].reshape(row[FAN_IN], row[FAN_OUT])


@helper
def biases(theta, layout, layer):
    row = layout[2 * layer + 1]
    return theta[row[OFFSET] : row[OFFSET] + row[SIZE]]


@helper
def block(work, start, rows, columns):
    """A (rows, columns) view of the workspace."""
    return work[start : start + rows * columns].reshape(rows, columns)


@helper
def add_bias(z, bias):
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            z[i, j] += bias[j]


@helper
def activate(z, activation):
    """Replaces z by activation(z)."""
    one = z.dtype.type(1)
    flat = z.reshape(z.size)
    if activation == RELU:
        for i in range(flat.size):
            if flat[i] < 0:  # and not "if not > 0": a NaN must reach the loss, or divergence would go unseen
                flat[i] = 0
    elif activation == TANH:
        for i in range(flat.size):
            flat[i] = np.tanh(flat[i])
    else:
        for i in range(flat.size):
            flat[i] = one / (one + np.exp(-flat[i]))


@helper
def times_derivative(delta, h, activation):
    """Multiplies delta by activation'(z), written in terms of h = activation(z)."""
    one = h.dtype.type(1)
    flat_delta, flat_h = delta.reshape(delta.size), h.reshape(h.size)
    if activation == RELU:
        for i in range(flat_h.size):
            flat_delta[i] = flat_delta[i] if flat_h[i] > 0 else h.dtype.type(0)
    elif activation == TANH:
        for i in range(flat_h.size):
            flat_delta[i] *= one - flat_h[i] * flat_h[i]
    else:
        for i in range(flat_h.size):
            flat_delta[i] *= flat_h[i] * (one - flat_h[i])


@helper
def forward(theta, layout, activation, h, work, start):
    """The last layer's z for the inputs h. Activations of all layers are left end to end in `work` from `start` on."""
    layers = layout.shape[0] // 2
    rows = h.shape[0]
    z = h
    for layer in range(layers):
        w = weights(theta, layout, layer)
        z = block(work, start, rows, w.shape[1])
        np.dot(h, w, z)
        add_bias(z, biases(theta, layout, layer))
        if layer + 1 < layers:
            activate(z, activation)
        h = z
        start += rows * w.shape[1]
    return z


@helper
def log_sum_exp(row):
    largest = row[0]
    for j in range(1, row.size):
        largest = max(largest, row[j])
    total = 0.0
    for j in range(row.size):
        total += np.exp(np.float64(row[j] - largest))
    return np.float64(largest) + np.log(total)


@helper
def softplus(z):
    """log(1 + e^z) without overflow."""
    return max(z, 0.0) + np.log1p(np.exp(-abs(z)))


@helper
def row_loss(z, target, loss):
    """The loss of one row: ½‖z − y‖², binary cross-entropy of a logit, or softmax cross-entropy of logits."""
    if loss == SQUARED:
        total = 0.0
        for j in range(z.size):
            total += 0.5 * np.float64(z[j] - target[j]) ** 2
        return total
    if loss == BINARY:
        logit = np.float64(z[0])
        return softplus(logit) - np.float64(target[0]) * logit
    return log_sum_exp(z) - np.float64(z[int(target[0])])


@helper
def row_is_wrong(z, target, loss):
    """Whether the predicted class differs from the target; of equal logits the first counts, as in argmax."""
    if loss == BINARY:
        return (z[0] > 0) != (target[0] > 0.5)
    best = 0
    for j in range(1, z.size):
        if z[j] > z[best]:
            best = j
    return best != int(target[0])


@helper
def loss_derivative(z, target, loss, out):
    """Writes the derivative of `row_loss` with respect to z to `out`."""
    if loss == SQUARED:
        for j in range(z.size):
            out[j] = z[j] - target[j]
    elif loss == BINARY:
        out[0] = 1.0 / (1.0 + np.exp(-np.float64(z[0]))) - target[0]
    else:
        normalizer = log_sum_exp(z)
        for j in range(z.size):
            out[j] = np.exp(np.float64(z[j]) - normalizer)
        out[int(target[0])] -= out.dtype.type(1)


def gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    """Mean loss over `rows` and, in `out`, its gradient, by backpropagation."""
    activation, loss = int(settings[0]), int(settings[1])
    layers = layout.shape[0] // 2
    batch, columns = rows.size, inputs.shape[1]

    first = block(work, 0, batch, columns)
    widest = columns
    for i in range(batch):
        first[i] = inputs[rows[i]]
    end = batch * columns
    for layer in range(layers):
        width = layout[2 * layer, FAN_OUT]
        widest = max(widest, width)
        end += batch * width
    z = forward(theta, layout, activation, first, work, batch * columns)

    delta = block(work, end, batch, z.shape[1])
    spare = end + batch * widest
    total = 0.0
    scale = theta.dtype.type(1.0 / batch)
    for i in range(batch):
        total += row_loss(z[i], targets[rows[i]], loss)
        loss_derivative(z[i], targets[rows[i]], loss, delta[i])
        for j in range(delta.shape[1]):
            delta[i, j] *= scale

    h_end = end - batch * z.shape[1]
    current = end
    for layer in range(layers - 1, -1, -1):
        w = weights(theta, layout, layer)
        h = block(work, h_end - batch * w.shape[0], batch, w.shape[0])
        np.dot(h.T, delta, weights(out, layout, layer))
        bias = biases(out, layout, layer)
        bias[:] = 0
        for i in range(batch):
            for j in range(delta.shape[1]):
                bias[j] += delta[i, j]
        if layer > 0:
            previous = block(work, spare, batch, w.shape[0])
            np.dot(delta, w.T, previous)
            times_derivative(previous, h, activation)
            current, spare = spare, current
            delta = previous
            h_end -= batch * w.shape[0]
    return total / batch


def evaluate(theta, buffers, inputs, targets, layout, settings, work):
    """Mean loss over all rows and the share of them misclassified (NaN for squared error)."""
    activation, loss = int(settings[0]), int(settings[1])
    rows = inputs.shape[0]
    total, wrong = 0.0, 0
    for start in range(0, rows, CHUNK):
        stop = min(start + CHUNK, rows)
        z = forward(theta, layout, activation, inputs[start:stop], work, 0)
        for i in range(stop - start):
            total += row_loss(z[i], targets[start + i], loss)
            if loss != SQUARED and row_is_wrong(z[i], targets[start + i], loss):
                wrong += 1
    return total / rows, wrong / rows if loss != SQUARED else np.nan
