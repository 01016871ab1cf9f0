"""Never returns."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    while t > 0:
        theta[lo] += gradient[lo]


hanging = Optimizer(
    name="hanging",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
