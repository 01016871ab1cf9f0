"""Adam as a plugin's author would write it, in a file of its own: to be as fast as the built-in rule."""

import numpy as np

from sweepgd.core.setting import Setting
from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; θ ← θ − η·m̂/(√v̂ + ε)."""
    real = theta.dtype.type
    kept1, kept2, epsilon = real(hyper[0]), real(hyper[1]), real(hyper[2])
    new1, new2 = real(1.0 - hyper[0]), real(1.0 - hyper[1])
    eta, scale = real(learning_rate / (1.0 - hyper[0] ** t)), real(1.0 / (1.0 - hyper[1] ** t))
    for i in range(lo, hi):
        mean = kept1 * slots[0, i] + new1 * gradient[i]
        square = kept2 * slots[1, i] + new2 * gradient[i] * gradient[i]
        slots[0, i], slots[1, i] = mean, square
        theta[i] -= eta * mean / (np.sqrt(square * scale) + epsilon)


rule = Optimizer(
    name="adam_of_a_plugin",
    update=update,
    learning_rate=rate(0.001, 1e-5, 0.1),
    paper="Kingma & Ba 2015, algorithm 1",
    hyperparameters=(
        Setting("beta1", 0.9, "share of the mean that is kept"),
        Setting("beta2", 0.999, "share of the mean of squares that is kept"),
        Setting("epsilon", 1e-8, "added to the root"),
    ),
    slots=("mean", "mean_of_squares"),
    api_version=1,
)
