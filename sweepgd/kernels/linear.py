"""Loss and gradient of models with one output and without a hidden layer: linear and logistic regression.

The network kernel computes the same values, but a single output would fill only one lane of its tiles. For 1,000 rows of 2
inputs, this kernel takes 2 µs and the network kernel 13. For one row, this kernel takes 50 ns and the network kernel 210.
"""

import numpy as np

from sweepgd.kernels.losses import SQUARED, softplus


def workspace(columns: int, batch: int) -> int:
    """Return the length of scratch memory for `batch` rows. The memory holds the inputs column by column, then the targets and
    the outputs.
    """
    return (columns + 2) * batch


def gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    """Return the mean loss over `rows`, and write its gradient to `out`. The loss is ½(ŷ − y)², or the binary cross-entropy of
    the logit ŷ.
    """
    batch, columns = rows.size, inputs.shape[1]
    scale = theta.dtype.type(1.0 / batch)
    error, z, bias = work[:batch], work[batch : 2 * batch], theta[columns]
    for i in range(batch):
        error[i] = targets[np.uint64(rows[i]), 0]
        z[i] = bias
    for k in range(columns):
        x, weight = work[(k + 2) * batch : (k + 3) * batch], theta[k]
        for i in range(batch):
            value = inputs[np.uint64(rows[i]), k]
            x[i] = value
            z[i] += weight * value
    total = 0.0
    slope = theta.dtype.type(0)
    if settings[1] == SQUARED:
        for i in range(batch):
            difference = z[i] - error[i]
            total += 0.5 * np.float64(difference) * np.float64(difference)
            error[i] = difference * scale
            slope += error[i]
    else:
        for i in range(batch):
            logit, target = np.float64(z[i]), error[i]
            total += softplus(logit) - np.float64(target) * logit
            error[i] = (1.0 / (1.0 + np.exp(-logit)) - target) * scale
            slope += error[i]
    out[columns] = slope
    for k in range(columns):
        x = work[(k + 2) * batch : (k + 3) * batch]
        slope = theta.dtype.type(0)
        for i in range(batch):
            slope += error[i] * x[i]
        out[k] = slope
    return total / batch


def evaluate(theta, buffers, inputs, targets, layout, settings, work):
    """Return the mean loss over all rows and the share of misclassified rows (NaN for squared error)."""
    count, columns = inputs.shape
    total, wrong = 0.0, 0
    for i in range(count):
        z = theta[columns]
        for k in range(columns):
            z += theta[k] * inputs[i, k]
        target = targets[i, 0]
        if settings[1] == SQUARED:
            total += 0.5 * np.float64(z - target) * np.float64(z - target)
        else:
            total += softplus(np.float64(z)) - np.float64(target) * np.float64(z)
            wrong += (z > 0) != (target > 0.5)
    return total / count, wrong / count if settings[1] != SQUARED else np.nan


def predict(theta, buffers, inputs, layout, settings, work, outputs):
    """Write the output of each row to `outputs`, (rows, 1). The output is the predicted target, or the logit of the second
    class.
    """
    columns = inputs.shape[1]
    for i in range(inputs.shape[0]):
        z = theta[columns]
        for k in range(columns):
            z += theta[k] * inputs[i, k]
        outputs[i, 0] = z
