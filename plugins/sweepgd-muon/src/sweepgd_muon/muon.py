"""Muon: momentum whose steps for weight matrices are nearly orthogonal matrices. Biases use Adam."""

import numpy as np

from sweepgd.plugin import (
    BETA1,
    BETA2,
    DIM0,
    DIM1,
    EPSILON,
    EPSILON_ROOT,
    KIND,
    NDIM,
    SIZE,
    WEIGHT,
    Optimizer,
    Setting,
    adam,
    block,
    decay_weights,
    extent,
    helper,
    norm,
    parameter_count,
    rate,
)
from sweepgd_muon.orthogonal import orthogonalize

VELOCITY, SQUARES, STEP, OTHER, GRAM, POLYNOMIAL = range(6)

adam_update = helper(adam.update)


def slots(layout):
    """Return slots for the momentum (for biases, Adam's mean), for Adam's mean of squares, and for products of the largest
    matrix.
    """
    matrices = layout[(layout[:, KIND] == WEIGHT) & (layout[:, NDIM] == 2)]
    parameters, largest = parameter_count(layout), int(matrices[:, SIZE].max(initial=0))
    square = int(matrices[:, [DIM0, DIM1]].min(axis=1).max(initial=0)) ** 2
    return {
        "velocity": parameters,
        "mean_of_squares": parameters,
        "step": largest,
        "other": largest,
        "gram": square,
        "polynomial": square,
    }


@helper
def step_matrix(theta, gradient, slots, start, rows, columns, momentum, learning_rate):
    """v ← μv + g; θ ← θ − η·√max(1, columns/rows)·orthogonalized(g + μv), for the (rows, columns) matrix at `start`."""
    real = theta.dtype.type
    mu, size = real(momentum), rows * columns
    v, step, other = slots[VELOCITY], slots[STEP], slots[OTHER]
    weights, forward = block(theta, start, rows, columns), block(other, 0, rows, columns)
    for i in range(size):
        velocity = mu * v[start + i] + gradient[start + i]
        v[start + i] = velocity
        other[i] = gradient[start + i] + mu * velocity
    length = norm(other, 0, size)
    scale = real(1.0 / length if length > 0 else 0.0)
    eta = real(learning_rate * np.sqrt(max(1.0, columns / rows)))
    # The smaller side comes first, because its square is the size of the Gram matrix.
    if rows > columns:
        narrow = block(step, 0, columns, rows)
        for i in range(rows):
            for j in range(columns):
                narrow[j, i] = scale * forward[i, j]
        orthogonalize(step, other, slots[GRAM], slots[POLYNOMIAL], columns, rows)
        for i in range(rows):
            for j in range(columns):
                weights[i, j] -= eta * narrow[j, i]
    else:
        for i in range(size):
            step[i] = scale * other[i]
        orthogonalize(step, other, slots[GRAM], slots[POLYNOMIAL], rows, columns)
        for i in range(size):
            theta[start + i] -= eta * step[i]


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """θ ← (1 − ηλ)θ for all weights, then `step_matrix` for each weight matrix, and Adam for all other tensors."""
    decay_weights(theta, layout, 1.0 - learning_rate * hyper[5], lo, hi)
    for row in range(layout.shape[0]):
        start, stop = extent(layout, row)
        if layout[row, KIND] == WEIGHT and layout[row, NDIM] == 2:
            rows, columns = np.uint64(layout[row, DIM0]), np.uint64(layout[row, DIM1])
            step_matrix(theta, gradient, slots, start, rows, columns, hyper[4], learning_rate)
        else:
            adam_update(theta, gradient, slots, layout, hyper, learning_rate, t, start, stop)


muon = Optimizer(
    name="muon",
    update=update,
    learning_rate=rate(0.02, 1e-3, 0.1),
    paper="Jordan et al. 2024, Muon: An optimizer for hidden layers in neural networks, with Nesterov's momentum",
    hyperparameters=(
        BETA1,
        BETA2,
        EPSILON,
        EPSILON_ROOT,
        Setting(
            "momentum",
            0.95,
            "μ, decay rate of the velocity",
            low=0.8,
            high=0.99,
            minimum=0.0,
            maximum=1.0,
            open_maximum=True,
        ),
        Setting("weight_decay", 0.01, "λ, applied to weights and not to biases", low=1e-4, high=0.3, log=True, minimum=0.0),
    ),
    slots=slots,
    elementwise=False,
    api_version=1,
)
