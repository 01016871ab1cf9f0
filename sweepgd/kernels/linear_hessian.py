"""Hessian products of models with one output and without a hidden layer: linear and logistic regression.

The output is linear in the parameters, so that the Hessian equals the Gauss-Newton matrix. This matrix is the mean over rows of
c·xxᵀ. Here c is the second derivative of the loss with respect to the output, 1 or p(1 − p), and x is the vector of the inputs
followed by 1.
"""

import numpy as np

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.loss_hessian import covariance_factor, residuals, variance
from sweepgd.kernels.losses import SQUARED
from sweepgd.kernels.network import gather
from sweepgd.kernels.views import block

# The number of rows that are processed at a time. With 2 inputs, these rows fill a quarter of the first-level cache, and their
# products take much longer than the few µs of a call.
CHUNK = 1024


def kept(columns: int, batch: int) -> int:
    """Return the length of the array that `product` keeps for `batch` rows: the inputs, column by column, and c."""
    return (columns + 1) * batch


def workspace(columns: int, batch: int) -> int:
    """Return the length of scratch memory for `batch` rows. The memory holds the inputs column by column, the targets, the
    outputs and the derivatives.
    """
    return (columns + 3) * batch


@helper
def outputs(theta, inputs, rows, x, z):
    """Copy the inputs of `rows` column by column to flat x, and write z = x·w + b."""
    batch, columns = rows.size, inputs.shape[1]
    z[:] = theta[columns]
    for k in range(columns):
        column, weight = x[k * batch : (k + 1) * batch], theta[k]
        for i in range(batch):
            value = inputs[np.uint64(rows[i]), k]
            column[i] = value
            z[i] += weight * value


def product(theta, direction, buffers, inputs, targets, rows, layout, settings, gauss_newton, fresh, kept, work, out):
    """Write the Hessian of the mean loss over `rows` times `direction` to `out`."""
    batch, columns = rows.size, inputs.shape[1]
    c, r = kept[columns * batch : (columns + 1) * batch], work[:batch]
    scale = theta.dtype.type(1.0 / batch)
    if fresh:
        outputs(theta, inputs, rows, kept, c)
        for i in range(batch):
            c[i] = scale if settings[1] == SQUARED else scale * theta.dtype.type(variance(c[i]))
    r[:] = direction[columns]
    for k in range(columns):
        x, weight = kept[k * batch : (k + 1) * batch], direction[k]
        for i in range(batch):
            r[i] += weight * x[i]
    total = theta.dtype.type(0)
    for i in range(batch):
        r[i] *= c[i]
        total += r[i]
    out[columns] = total
    for k in range(columns):
        x, total = kept[k * batch : (k + 1) * batch], theta.dtype.type(0)
        for i in range(batch):
            total += r[i] * x[i]
        out[k] = total


def second_moments(theta, buffers, inputs, targets, rows, layout, settings, fisher, work, out):
    """Write the mean over `rows` of the squared gradient of each row to `out`.

    With `fisher`, write instead the expectation of this mean over targets drawn from the model's distribution.
    """
    batch, columns, loss = rows.size, inputs.shape[1], int(settings[1])
    at = columns * batch
    z, y, delta = block(work, at, batch, 1), block(work, at + batch, batch, 1), block(work, at + 2 * batch, batch, 1)
    outputs(theta, inputs, rows, work, work[at : at + batch])
    scale = theta.dtype.type(1.0 / np.sqrt(batch))
    if fisher:
        covariance_factor(z, loss, 0, scale, delta)
    else:
        gather(targets, rows, y)
        residuals(z, y, loss, scale, delta)
    total = theta.dtype.type(0)
    for i in range(batch):
        delta[i, 0] *= delta[i, 0]
        total += delta[i, 0]
    out[columns] = total
    for k in range(columns):
        x, total = work[k * batch : (k + 1) * batch], theta.dtype.type(0)
        for i in range(batch):
            total += delta[i, 0] * x[i] * x[i]
        out[k] = total
