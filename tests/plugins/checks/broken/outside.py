"""Has a default outside of its search range."""

from sweepgd.core.setting import Setting
from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= eta * gradient[i]


outside = Optimizer(
    name="outside",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
    hyperparameters=(Setting("beta", 0.9, "kept", low=0.1, high=0.5),),
)
