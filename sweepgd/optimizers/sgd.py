"""Stochastic gradient descent. With a full batch, the method is gradient descent."""

from sweepgd.optimizers.contract import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """θ ← θ − ηg."""
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= eta * gradient[i]


sgd = Optimizer(
    name="sgd",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="Robbins & Monro 1951, A Stochastic Approximation Method",
)
