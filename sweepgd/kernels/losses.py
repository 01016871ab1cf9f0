"""The losses of a network's outputs, with their derivatives: ½ squared error, and binary and softmax cross-entropy of logits.

All functions take many rows at once, because a slice for each row would take 40 ns, which is more than the loss of a row takes.
"""

import numpy as np

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.exponential import exponentials

SQUARED, BINARY, SOFTMAX = range(3)

# Sums are multiplied until their product exceeds this value, and then the logarithm of the product is taken. The last product
# is still finite.
LARGE = 1e150


@helper
def softplus(z):
    """Return log(1 + e^z) without overflow."""
    return max(z, 0.0) + np.log1p(np.exp(-abs(z)))


@helper
def squared(z, y, scale, derivative):
    """`losses` for ½ squared error."""
    total = 0.0
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            difference = z[i, j] - y[i, j]
            total += 0.5 * np.float64(difference) * np.float64(difference)
            derivative[i, j] = difference * scale
    return total


@helper
def binary(z, y, scale, derivative):
    """`losses` for binary cross-entropy: z is log(p/(1 − p)), and y is 0 or 1."""
    total = 0.0
    for i in range(z.shape[0]):
        logit = np.float64(z[i, 0])
        total += softplus(logit) - np.float64(y[i, 0]) * logit
        derivative[i, 0] = (1.0 / (1.0 + np.exp(-logit)) - y[i, 0]) * scale
    return total


@helper
def softmax(z, y, scale, derivative):
    """`losses` for softmax cross-entropy: y holds class indices."""
    # The loss of a row is log Σ e^(z − largest) + largest − z_label. A logarithm takes 10 ns, as long as all other work for a
    # row. Therefore the sums of many rows are multiplied before a logarithm is taken. Each sum is between 1 and the number of
    # classes.
    total, product, classes = 0.0, 1.0, z.shape[1]
    for i in range(z.shape[0]):
        largest = z[i, 0]
        for j in range(1, classes):
            largest = max(largest, z[i, j])
        for j in range(classes):
            derivative[i, j] = z[i, j] - largest
        total -= np.float64(derivative[i, int(y[i, 0])])
    exponentials(derivative, 0, derivative.size)
    for i in range(z.shape[0]):
        normalizer = 0.0
        for j in range(classes):
            normalizer += np.float64(derivative[i, j])
        product *= normalizer
        if product > LARGE:
            total += np.log(product)
            product = 1.0
        share = z.dtype.type(scale / normalizer)
        for j in range(classes):
            derivative[i, j] *= share
        derivative[i, int(y[i, 0])] -= scale
    return total + np.log(product)


@helper
def losses(z, y, loss, scale, derivative):
    """Return the sum of the losses of all rows, and write the derivative of this sum with respect to the logits z, times
    `scale`, to `derivative`.

    z and derivative are (rows, outputs). y is (rows, targets) and holds real numbers, 0 or 1, or class indices.
    """
    if loss == SQUARED:
        return squared(z, y, scale, derivative)
    if loss == BINARY:
        return binary(z, y, scale, derivative)
    return softmax(z, y, scale, derivative)


@helper
def wrong_rows(z, y, loss):
    """Return the number of misclassified rows. Among equal logits, the first logit is the prediction, as in argmax."""
    wrong = 0
    for i in range(z.shape[0]):
        if loss == BINARY:
            wrong += (z[i, 0] > 0) != (y[i, 0] > 0.5)
            continue
        best = 0
        for j in range(1, z.shape[1]):
            if z[i, j] > z[i, best]:
                best = j
        wrong += best != int(y[i, 0])
    return wrong
