"""Takes the gradient before the weights."""

from sweepgd.optimizers import Optimizer, rate


def update(gradient, theta, slots, layout, hyper, learning_rate, t, lo, hi):
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= eta * gradient[i]


swapped = Optimizer(
    name="swapped",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
