"""Divides by the rate, which a schedule may lower to 0."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(lo, hi):
        theta[i] -= learning_rate * gradient[i] * (learning_rate / learning_rate)


halted = Optimizer(
    name="halted",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
