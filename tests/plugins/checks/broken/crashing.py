"""Writes to an invalid address."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    theta[1 << 40] = 0.0


crashing = Optimizer(
    name="crashing",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
