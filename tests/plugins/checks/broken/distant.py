"""Writes so far beyond the weights that it changes the gradient."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(lo, hi):
        theta[i] -= learning_rate * gradient[i]
    theta[hi + 140] += 1.0


distant = Optimizer(
    name="distant",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
    elementwise=False,
)
