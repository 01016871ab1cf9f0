"""Momentum in three forms. With a constant learning rate, the forms are equal up to scaling. With a changing learning rate,
they differ.
"""

from sweepgd.core.setting import Setting
from sweepgd.optimizers.contract import Optimizer, rate

BETA = Setting("beta", 0.9, "decay rate of the velocity", low=0.5, high=0.99, minimum=0.0, maximum=1.0, open_maximum=True)


def update_sum(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """v ← βv + g; θ ← θ − ηv."""
    eta, beta = theta.dtype.type(learning_rate), theta.dtype.type(hyper[0])
    v = slots[0]
    for i in range(lo, hi):
        velocity = beta * v[i] + gradient[i]
        v[i] = velocity
        theta[i] -= eta * velocity


def update_average(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """v ← βv + (1 − β)g; θ ← θ − ηv. Steps are 1 − β times as long as the steps of `update_sum`."""
    eta, beta = theta.dtype.type(learning_rate), theta.dtype.type(hyper[0])
    new = theta.dtype.type(1.0 - hyper[0])
    v = slots[0]
    for i in range(lo, hi):
        velocity = beta * v[i] + new * gradient[i]
        v[i] = velocity
        theta[i] -= eta * velocity


def update_velocity(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """m ← βm − ηg; θ ← θ + m. Each gradient is multiplied by the learning rate of its own update."""
    eta, beta = theta.dtype.type(learning_rate), theta.dtype.type(hyper[0])
    m = slots[0]
    for i in range(lo, hi):
        velocity = beta * m[i] - eta * gradient[i]
        m[i] = velocity
        theta[i] += velocity


momentum = Optimizer(
    name="momentum",
    update=update_sum,
    learning_rate=rate(0.01, 1e-4, 1.0),
    paper="Polyak 1964, Some methods of speeding up the convergence of iteration methods; the form v ← βv + g of PyTorch",
    hyperparameters=(BETA,),
    slots=("velocity",),
)

momentum_average = Optimizer(
    name="momentum_average",
    update=update_average,
    learning_rate=rate(0.1, 1e-3, 10.0),
    paper="Polyak 1964; the form v ← βv + (1 − β)g of Ng's lectures, a moving average of gradients",
    hyperparameters=(BETA,),
    slots=("velocity",),
)

momentum_velocity = Optimizer(
    name="momentum_velocity",
    update=update_velocity,
    learning_rate=rate(0.01, 1e-4, 1.0),
    paper="Polyak 1964; Sutskever et al. 2013, eq. 1–2; the form m ← βm − ηg of Keras, Gluon and Lee's lectures",
    hyperparameters=(BETA,),
    slots=("velocity",),
)
