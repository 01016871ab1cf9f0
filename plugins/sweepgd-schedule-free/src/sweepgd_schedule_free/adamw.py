"""Schedule-free AdamW: steps are divided by the root of the mean of squares, and averaging replaces momentum."""

import numpy as np

from sweepgd.plugin import BETA2, EPSILON, KIND, WEIGHT, Optimizer, Setting, extent, parameter_count, rate
from sweepgd_schedule_free.average import BETA, FAST, SCALARS, SQUARES, evaluation, share


def slots(layout):
    """Return three slots: the fast weights, two numbers (the largest rate so far and the sum of averaging weights), the mean of
    squares.
    """
    return {"fast": parameter_count(layout), "scalars": 2, "mean_of_squares": parameter_count(layout)}


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """v ← β₂v + (1 − β₂)g²; z ← z − η(g/(√v̂ + ε) + λy), with λ on weights only. x and y are as in schedule-free SGD."""
    real = theta.dtype.type
    z, v = slots[FAST], slots[SQUARES]
    if t == 1:
        z[: theta.size] = theta
    c = share(slots[SCALARS], learning_rate)
    eta, rest = real(learning_rate), real(1.0 - hyper[0])
    old, new = real(1.0 - c), real(1.0 - hyper[0] * (1.0 - c))
    beta2, new2, epsilon = real(hyper[1]), real(1.0 - hyper[1]), real(hyper[2])
    correction = real(1.0 / (1.0 - hyper[1] ** t))
    for row in range(layout.shape[0]):
        start, stop = extent(layout, row)
        decay = real(hyper[3] if layout[row, KIND] == WEIGHT else 0.0)
        for i in range(start, stop):
            square = beta2 * v[i] + new2 * gradient[i] * gradient[i]
            v[i] = square
            root = np.sqrt(square * correction) + epsilon
            step = (gradient[i] / root if root > 0 else real(0)) + decay * theta[i]
            fast = z[i] - eta * step
            theta[i] = old * (theta[i] - rest * z[i]) + new * fast
            z[i] = fast


schedule_free_adamw = Optimizer(
    name="schedule_free_adamw",
    update=update,
    evaluation=evaluation,
    learning_rate=rate(0.0025, 1e-4, 0.1),
    paper="Defazio et al. 2024, The Road Less Scheduled, algorithm 1, with v̂ = v/(1 − β₂ᵗ)",
    hyperparameters=(
        BETA,
        BETA2,
        EPSILON,
        Setting("weight_decay", 0.01, "λ, applied to weights and not to biases", low=1e-5, high=0.3, log=True, minimum=0.0),
    ),
    slots=slots,
    elementwise=False,
    api_version=1,
)
