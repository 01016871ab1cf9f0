"""Nesterov's momentum in its two forms, which differ once the rate changes."""

from sweepgd.optimizers.contract import Optimizer, rate
from sweepgd.optimizers.momentum import BETA


def update_sum(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """v ← βv + g; θ ← θ − η(g + βv)."""
    eta, beta = theta.dtype.type(learning_rate), theta.dtype.type(hyper[0])
    v = slots[0]
    for i in range(lo, hi):
        v[i] = beta * v[i] + gradient[i]
        theta[i] -= eta * (gradient[i] + beta * v[i])


def update_velocity(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """m ← βm − ηg; θ ← θ + βm − ηg."""
    eta, beta = theta.dtype.type(learning_rate), theta.dtype.type(hyper[0])
    m = slots[0]
    for i in range(lo, hi):
        m[i] = beta * m[i] - eta * gradient[i]
        theta[i] += beta * m[i] - eta * gradient[i]


nesterov = Optimizer(
    name="nesterov",
    update=update_sum,
    learning_rate=rate(0.01, 1e-4, 1.0),
    paper="Nesterov 1983; Sutskever et al. 2013, eq. 3–4; the form of PyTorch",
    hyperparameters=(BETA,),
    slots=("velocity",),
)

nesterov_velocity = Optimizer(
    name="nesterov_velocity",
    update=update_velocity,
    learning_rate=rate(0.01, 1e-4, 1.0),
    paper="Nesterov 1983; Bengio et al. 2013, eq. 7; the form of Keras' nesterov=True",
    hyperparameters=(BETA,),
    slots=("velocity",),
)
