"""RMSProp: each step is divided by the root of a moving average of squared gradients."""

import numpy as np

from sweepgd.core.setting import Setting
from sweepgd.optimizers.contract import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """v ← αv + (1 − α)g²; m ← βm + ηg/√(v + ε); θ ← θ − m. With start_at_gradient, v₁ = g₁²."""
    real = theta.dtype.type
    eta, alpha, beta, epsilon = real(learning_rate), real(hyper[0]), real(hyper[1]), real(hyper[2])
    new = real(1.0 - hyper[0])
    if hyper[3] != 0.0 and t == 1:
        alpha, new = real(0), real(1)
    v, m = slots[0], slots[1]
    for i in range(lo, hi):
        square = alpha * v[i] + new * gradient[i] * gradient[i]
        root = np.sqrt(square + epsilon)
        step = beta * m[i] + (eta * gradient[i] / root if root > 0 else real(0))
        v[i], m[i] = square, step
        theta[i] -= step


rmsprop = Optimizer(
    name="rmsprop",
    update=update,
    learning_rate=rate(0.001, 1e-5, 0.1),
    paper="Tieleman & Hinton 2012, Coursera lecture 6.5; momentum as in Graves 2013, eq. 40–43",
    hyperparameters=(
        Setting(
            "alpha",
            0.9,
            "decay rate of the moving average of squared gradients",
            low=0.8,
            high=0.999,
            minimum=0.0,
            maximum=1.0,
            open_maximum=True,
        ),
        Setting(
            "momentum",
            0.0,
            "β, decay rate of the step",
            low=0.0,
            high=0.95,
            minimum=0.0,
            maximum=1.0,
            open_maximum=True,
        ),
        Setting("epsilon", 1e-8, "added under the root", low=1e-10, high=1e-4, log=True, minimum=0.0),
        Setting(
            "start_at_gradient",
            0.0,
            "1: the average starts at the first squared gradient (Lee's lectures); 0: the average starts at zero",
            low=0.0,
            high=1.0,
            choices=(0.0, 1.0),
        ),
    ),
    slots=("mean_of_squares", "velocity"),
)
