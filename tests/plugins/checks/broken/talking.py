"""Prints a line at import and in every step, and is otherwise correct."""

from sweepgd.optimizers import Optimizer, rate

print("talking is imported")


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    print("step", t)
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= eta * gradient[i]


talking = Optimizer(
    name="talking",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
