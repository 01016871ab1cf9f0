"""Steps in the direction of the gradient, so the loss grows."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(lo, hi):
        theta[i] += learning_rate * gradient[i]


ascending = Optimizer(
    name="ascending",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
