"""Divides by 1 − β, with a range that ends at β = 1."""

from sweepgd.core.setting import Setting
from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(lo, hi):
        theta[i] -= learning_rate * gradient[i] * (1.0 - hyper[0]) / (1.0 - hyper[0])


edge = Optimizer(
    name="edge",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
    hyperparameters=(Setting("beta", 0.9, "kept", low=0.5, high=1.0),),
)
