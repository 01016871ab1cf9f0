"""Writes one number beyond the end of its first slot, into the second."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(lo, hi):
        theta[i] -= learning_rate * gradient[i]
    slots[0][theta.size] = 5.0


onward = Optimizer(
    name="onward",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
    slots=("first", "second"),
    elementwise=False,
)
