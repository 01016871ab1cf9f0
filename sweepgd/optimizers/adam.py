"""Adam: the moving average of gradients, divided by the root of the moving average of squared gradients. Both averages are
bias-corrected.
"""

import numpy as np

from sweepgd.core.setting import Setting
from sweepgd.optimizers.contract import Optimizer, rate

BETA1 = Setting(
    "beta1",
    0.9,
    "decay rate of the moving average of gradients",
    low=0.5,
    high=0.99,
    minimum=0.0,
    maximum=1.0,
    open_maximum=True,
)
BETA2 = Setting(
    "beta2",
    0.999,
    "decay rate of the moving average of squared gradients",
    low=0.9,
    high=0.9999,
    minimum=0.0,
    maximum=1.0,
    open_maximum=True,
)
EPSILON = Setting("epsilon", 1e-8, "added to the root", low=1e-10, high=1e-3, log=True, minimum=0.0)
EPSILON_ROOT = Setting("epsilon_root", 0.0, "added under the root, for the form √(v̂ + ε)", low=0.0, high=1e-6, minimum=0.0)


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; θ ← θ − η·m̂/(√(v̂ + ε_root) + ε), m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)."""
    real = theta.dtype.type
    beta1, beta2, epsilon, under = real(hyper[0]), real(hyper[1]), real(hyper[2]), real(hyper[3])
    new1, new2 = real(1.0 - hyper[0]), real(1.0 - hyper[1])
    eta = real(learning_rate / (1.0 - hyper[0] ** t))
    correction = real(1.0 / (1.0 - hyper[1] ** t))
    m, v = slots[0], slots[1]
    for i in range(lo, hi):
        # Local variables, because reading the values back from the arrays would wait for the store and make Adam 3 times as
        # slow.
        mean = beta1 * m[i] + new1 * gradient[i]
        square = beta2 * v[i] + new2 * gradient[i] * gradient[i]
        m[i], v[i] = mean, square
        root = np.sqrt(square * correction + under) + epsilon
        theta[i] -= eta * mean / root if root > 0 else real(0)


adam = Optimizer(
    name="adam",
    update=update,
    learning_rate=rate(0.001, 1e-5, 0.1),
    paper="Kingma & Ba 2015, Adam: A Method for Stochastic Optimization, algorithm 1",
    hyperparameters=(BETA1, BETA2, EPSILON, EPSILON_ROOT),
    slots=("mean", "mean_of_squares"),
)
