"""The two loops that call the kernels of models and optimizers: one makes updates, and one evaluates."""

from typing import NamedTuple

import numpy as np

from sweepgd.core.layout import KIND, OFFSET, SIZE, WEIGHT
from sweepgd.kernels.compiling import helper
from sweepgd.kernels.views import borrowed


def no_evaluation_with_gradient(theta, buffers, inputs, targets, layout, settings, work, out):
    """An argument in place of a kernel that a model does not have. This function is never called."""
    return np.nan, np.nan


def no_probe(theta, gradient, slots, layout, hyper, learning_rate, t, point):
    """An argument in place of the probe, for an optimizer that needs no second gradient. This function is never called."""


@helper
def add_penalty(gradient, theta, layout, weight_decay):
    """Add the gradient of the L2 penalty ½·weight_decay·‖w‖² to `gradient`. w are the weights, without biases and scales."""
    factor = theta.dtype.type(weight_decay)
    for row in range(layout.shape[0]):
        if layout[row, KIND] == WEIGHT:
            start = layout[row, OFFSET]
            for i in range(start, start + layout[row, SIZE]):
                gradient[i] += factor * theta[i]


def train(
    gradient, update, probe, has_probe,
    theta, buffers, slots, layout, settings, hyper,
    inputs, targets, order, bounds, learning_rates, first,
    weight_decay, key, limit, work, out, point,
):  # fmt: skip
    """Make one update for each learning rate. Stop at the first loss that is not finite or is above `limit`.

    Update number `first + i` (from 0) uses the rows `order[bounds[i]:bounds[i + 1]]`. Return the number of updates made, the
    loss of the last mini-batch, and the loss of the second-last mini-batch (NaN if there was none). Losses are computed before
    the update. If fewer updates than rates are made, the run has diverged, and the last loss is above the limit or not finite.
    """
    theta, buffers, slots = borrowed(theta), borrowed(buffers), borrowed(slots)
    layout, settings, hyper = borrowed(layout), borrowed(settings), borrowed(hyper)
    inputs, targets, order = borrowed(inputs), borrowed(targets), borrowed(order)
    work, out, point = borrowed(work), borrowed(out), borrowed(point)
    loss = previous = np.nan
    for i in range(learning_rates.size):
        rows = order[bounds[i] : bounds[i + 1]]
        t = first + i + 1
        previous = loss
        loss = gradient(theta, buffers, inputs, targets, rows, layout, settings, key + t, True, work, out)
        if not np.isfinite(loss) or abs(loss) > limit:
            return i, loss, previous
        if weight_decay != 0.0:
            add_penalty(out, theta, layout, weight_decay)
        if has_probe:
            probe(theta, out, slots, layout, hyper, learning_rates[i], t, point)
            gradient(point, buffers, inputs, targets, rows, layout, settings, key + t, True, work, out)
            if weight_decay != 0.0:
                add_penalty(out, point, layout, weight_decay)
        update(theta, out, slots, layout, hyper, learning_rates[i], t, np.uint64(0), np.uint64(theta.size))
    return learning_rates.size, loss, previous


class EvaluationResult(NamedTuple):
    """Mean losses without penalties, errors, and the norm of the training loss' gradient. A part without rows has NaN."""

    train_loss: float
    validation_loss: float
    test_loss: float
    train_error: float
    validation_error: float
    test_error: float
    gradient_norm: float


def evaluate_parts(
    gradient, evaluate, evaluate_with_gradient, at_once, with_norm, theta, buffers, layout, settings,
    train_inputs, train_targets, validation_inputs, validation_targets, test_inputs, test_targets,
    rows, chunk, work, out, total,
):  # fmt: skip
    """Return the EvaluationResult of the parameters `theta` on the three parts of the data.

    With `at_once`, the model computes loss, error and gradient of the training rows in one pass. Otherwise the gradient is
    summed in `total`, over `chunk` training rows at a time. `rows` are the numbers of all training rows. Without `with_norm`,
    the norm of the gradient is NaN.
    """
    if not with_norm:
        train_loss, train_error = evaluate(theta, buffers, train_inputs, train_targets, layout, settings, work)
        total[0] = np.nan
    elif at_once:
        train_loss, train_error = evaluate_with_gradient(
            theta, buffers, train_inputs, train_targets, layout, settings, work, total
        )
    else:
        train_loss, train_error = evaluate(theta, buffers, train_inputs, train_targets, layout, settings, work)
        total[:] = 0
        for start in range(0, rows.size, chunk):
            part = rows[start : min(start + chunk, rows.size)]
            gradient(theta, buffers, train_inputs, train_targets, part, layout, settings, 0, False, work, out)
            share = theta.dtype.type(part.size / rows.size)
            for i in range(theta.size):
                total[i] += share * out[i]
    square = 0.0
    for i in range(theta.size):
        square += np.float64(total[i]) * np.float64(total[i])

    validation_loss = validation_error = test_loss = test_error = np.nan
    if validation_inputs.shape[0] > 0:
        validation_loss, validation_error = evaluate(
            theta, buffers, validation_inputs, validation_targets, layout, settings, work
        )
    if test_inputs.shape[0] > 0:
        test_loss, test_error = evaluate(theta, buffers, test_inputs, test_targets, layout, settings, work)
    return EvaluationResult(train_loss, validation_loss, test_loss, train_error, validation_error, test_error, np.sqrt(square))
