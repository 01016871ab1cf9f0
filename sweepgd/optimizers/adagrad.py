"""Adagrad: each step is divided by the root of the sum of all squared gradients of its weight."""

import numpy as np

from sweepgd.core.setting import Setting
from sweepgd.optimizers.contract import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """s ← s + g²; θ ← θ − ηg/√(s₀ + s + ε). If the root is 0, θ does not change."""
    real = theta.dtype.type
    eta, floor = real(learning_rate), real(hyper[0] + hyper[1])
    s = slots[0]
    for i in range(lo, hi):
        total = s[i] + gradient[i] * gradient[i]
        s[i] = total
        root = np.sqrt(total + floor)
        theta[i] -= eta * gradient[i] / root if root > 0 else real(0)


adagrad = Optimizer(
    name="adagrad",
    update=update,
    learning_rate=rate(0.01, 1e-3, 1.0),
    paper="Duchi, Hazan & Singer 2011, Adaptive Subgradient Methods, fig. 1 (diagonal)",
    hyperparameters=(
        Setting("epsilon", 1e-7, "added under the root", low=1e-10, high=1e-4, log=True, minimum=0.0),
        Setting("initial_accumulator", 0.0, "s₀, initial value of the sum of squares", low=0.0, high=0.1, minimum=0.0),
    ),
    slots=("sum_of_squares",),
)
