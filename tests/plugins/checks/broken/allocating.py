"""Allocates an array in every step: slow, but no fault."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    step = gradient * theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= step[i]


allocating = Optimizer(
    name="allocating",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
