"""The losses at a network's end: ½ squared error, binary and softmax cross-entropy of logits, with their derivatives.

Logits are passed as a whole matrix with a row number: a slice a row would cost 40 ns, more than the loss of a linear model.
"""

import numpy as np

from sweepgd.kernels.policy import helper

SQUARED, BINARY, SOFTMAX = range(3)


@helper
def softplus(z):
    """log(1 + e^z) without overflow."""
    return max(z, 0.0) + np.log1p(np.exp(-abs(z)))


@helper
def largest_of(z, i):
    largest = z[i, 0]
    for j in range(1, z.shape[1]):
        largest = max(largest, z[i, j])
    return largest


@helper
def row_loss(z, i, targets, row, loss):
    """The loss of the logits z[i] with the target targets[row]."""
    if loss == SQUARED:
        total = 0.0
        for j in range(z.shape[1]):
            total += 0.5 * np.float64(z[i, j] - targets[row, j]) ** 2
        return total
    if loss == BINARY:
        logit = np.float64(z[i, 0])
        return softplus(logit) - np.float64(targets[row, 0]) * logit
    largest = largest_of(z, i)
    total = 0.0
    for j in range(z.shape[1]):
        total += np.exp(z[i, j] - largest)
    return np.log(total) + np.float64(largest - z[i, int(targets[row, 0])])


@helper
def row_loss_and_derivative(z, i, targets, row, loss, scale, derivative):
    """The loss of one row and, in derivative[i], its derivative with respect to the logits z[i], times `scale`."""
    if loss == SQUARED:
        total = 0.0
        for j in range(z.shape[1]):
            difference = z[i, j] - targets[row, j]
            total += 0.5 * np.float64(difference) ** 2
            derivative[i, j] = difference * scale
        return total
    if loss == BINARY:
        logit = np.float64(z[i, 0])
        derivative[i, 0] = (1.0 / (1.0 + np.exp(-logit)) - targets[row, 0]) * scale
        return softplus(logit) - np.float64(targets[row, 0]) * logit
    label = int(targets[row, 0])
    largest = largest_of(z, i)
    total = 0.0
    for j in range(z.shape[1]):
        exponential = np.exp(z[i, j] - largest)  # taken once for loss and derivative: it is a fifth of a step on digits
        derivative[i, j] = exponential
        total += exponential
    share = z.dtype.type(scale / total)
    for j in range(z.shape[1]):
        derivative[i, j] *= share
    derivative[i, label] -= scale
    return np.log(total) + np.float64(largest - z[i, label])


@helper
def row_is_wrong(z, i, targets, row, loss):
    """Whether the predicted class differs from the target; of equal logits the first counts, as in argmax."""
    if loss == BINARY:
        return (z[i, 0] > 0) != (targets[row, 0] > 0.5)
    best = 0
    for j in range(1, z.shape[1]):
        if z[i, j] > z[i, best]:
            best = j
    return best != int(targets[row, 0])
