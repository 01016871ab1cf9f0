"""Declares a contract version that does not exist yet."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= eta * gradient[i]


newer = Optimizer(
    name="newer",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
    api_version=2,
)
