"""Computes a small number as the difference of two large ones."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(lo, hi):
        large = slots[0, i] + 1e6 + gradient[i]
        slots[0, i] = large
        theta[i] -= learning_rate * (slots[0, i] - 1e6 * t)


cancelling = Optimizer(
    name="cancelling",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
    slots=("sum",),
)
