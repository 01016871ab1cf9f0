"""Takes the root of a difference, which is negative at the lower end of the rates."""

import numpy as np

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    step = np.sqrt(learning_rate - 0.01)
    for i in range(lo, hi):
        theta[i] -= step * gradient[i]


rooted = Optimizer(
    name="rooted",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
