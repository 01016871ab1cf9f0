"""Shrinks the weights and ignores the gradient."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(lo, hi):
        theta[i] *= 1.0 - 0.1 * learning_rate


shrinking = Optimizer(
    name="shrinking",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
