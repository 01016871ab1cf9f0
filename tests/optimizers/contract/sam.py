"""Sharpness-aware minimization: step by the gradient at the worst weights near by."""

import numpy as np

from sweepgd.optimizers.contract import Optimizer, rate
from sweepgd.setting import Setting


def probe(theta, gradient, slots, layout, hyper, learning_rate, t, point):
    """θ + ρg/‖g‖, where the loss is the highest within ρ to first order."""
    square = 0.0
    for i in range(theta.size):
        square += np.float64(gradient[i]) ** 2
    scale = theta.dtype.type(hyper[0] / np.sqrt(square) if square > 0 else 0.0)
    for i in range(theta.size):
        point[i] = theta[i] + scale * gradient[i]


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """θ ← θ − ηg, with g the gradient at the probe."""
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= eta * gradient[i]


sam = Optimizer(
    name="sam",
    update=update,
    probe=probe,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="Foret et al. 2021, Sharpness-Aware Minimization for Efficiently Improving Generalization, eq. 2 and 3",
    hyperparameters=(Setting("rho", 0.05, "radius of the neighbourhood", low=0.01, high=0.5, log=True, minimum=0.0),),
)
