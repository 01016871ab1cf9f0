"""Divides by the norm of the gradient, which may be 0."""

import numpy as np

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    norm = np.sqrt(np.sum(gradient * gradient))
    for i in range(lo, hi):
        theta[i] -= learning_rate * gradient[i] / norm


normalized = Optimizer(
    name="normalized",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
