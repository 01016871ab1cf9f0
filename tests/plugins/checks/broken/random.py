"""Draws random numbers without a seed."""

import numpy as np

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(lo, hi):
        theta[i] -= learning_rate * gradient[i] * np.random.random()  # noqa: NPY002


random = Optimizer(
    name="random",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
