"""Allocates more memory than there is."""

import numpy as np

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    scratch = np.zeros(int(1e12) * t, theta.dtype)
    for i in range(lo, hi):
        scratch[i] = learning_rate * gradient[i]
        theta[i] -= scratch[i]


hungry = Optimizer(
    name="hungry",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
