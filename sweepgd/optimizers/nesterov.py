"""Nesterov momentum in two forms, which differ if the learning rate changes."""

from sweepgd.optimizers.contract import Optimizer, rate
from sweepgd.optimizers.momentum import BETA


def update_sum(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """v ← βv + g; θ ← θ − η(g + βv)."""
    eta, beta = theta.dtype.type(learning_rate), theta.dtype.type(hyper[0])
    v = slots[0]
    for i in range(lo, hi):
        velocity = beta * v[i] + gradient[i]
        v[i] = velocity
        theta[i] -= eta * (gradient[i] + beta * velocity)


def update_velocity(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """m ← βm − ηg; θ ← θ + βm − ηg."""
    eta, beta = theta.dtype.type(learning_rate), theta.dtype.type(hyper[0])
    m = slots[0]
    for i in range(lo, hi):
        velocity = beta * m[i] - eta * gradient[i]
        m[i] = velocity
        theta[i] += beta * velocity - eta * gradient[i]


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
