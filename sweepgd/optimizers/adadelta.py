"""Adadelta: each step has the units of the weights, and comes from moving averages of squared gradients and squared steps."""

import numpy as np

from sweepgd.core.setting import Setting
from sweepgd.optimizers.contract import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """s ← ρs + (1 − ρ)g²; d = g·√(u + ε)/√(s + ε); u ← ρu + (1 − ρ)d²; θ ← θ − ηd."""
    real = theta.dtype.type
    eta, rho, epsilon = real(learning_rate), real(hyper[0]), real(hyper[1])
    new = real(1.0 - hyper[0])
    s, u = slots[0], slots[1]
    for i in range(lo, hi):
        square = rho * s[i] + new * gradient[i] * gradient[i]
        d = gradient[i] * np.sqrt(u[i] + epsilon) / np.sqrt(square + epsilon)
        s[i], u[i] = square, rho * u[i] + new * d * d
        theta[i] -= eta * d


adadelta = Optimizer(
    name="adadelta",
    update=update,
    learning_rate=rate(1.0, 0.1, 10.0),
    paper="Zeiler 2012, ADADELTA: An Adaptive Learning Rate Method, algorithm 1 (where η = 1)",
    hyperparameters=(
        Setting(
            "rho",
            0.9,
            "decay rate of both moving averages",
            low=0.8,
            high=0.9999,
            minimum=0.0,
            maximum=1.0,
            open_maximum=True,
        ),
        Setting(
            "epsilon",
            1e-6,
            "added under both roots; determines the size of the first steps",
            low=1e-8,
            high=1e-4,
            log=True,
            minimum=1e-30,
        ),
    ),
    slots=("mean_of_squares", "mean_of_squared_steps"),
)
