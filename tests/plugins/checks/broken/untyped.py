"""Cannot be compiled."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    theta[lo] = "much"


untyped = Optimizer(
    name="untyped",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
