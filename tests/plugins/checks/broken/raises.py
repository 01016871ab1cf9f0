"""Raises in the third update."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    if t == 3:
        raise ValueError("three is enough")
    theta[lo] -= learning_rate * gradient[lo]


raises = Optimizer(
    name="raises",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
    elementwise=False,
)
