"""Claims to be elementwise, but steps all parameters for any range."""

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(theta.size):
        theta[i] -= learning_rate * gradient[i]


greedy = Optimizer(
    name="greedy",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
