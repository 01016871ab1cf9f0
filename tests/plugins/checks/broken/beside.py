"""Writes one number beyond the end of the weights."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(lo, hi + 1):
        theta[i] -= learning_rate * gradient[i]


beside = Optimizer(
    name="beside",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
