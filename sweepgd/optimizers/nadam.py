"""NAdam: Adam with Nesterov momentum."""

import numpy as np

from sweepgd.optimizers.adam import BETA1, BETA2, EPSILON, EPSILON_ROOT
from sweepgd.optimizers.contract import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """Make Adam's update with m̂ = β₁m/(1 − β₁ᵗ⁺¹) + (1 − β₁)g/(1 − β₁ᵗ). This is Dozat's rule with constant β₁, as in optax.
    PyTorch varies β₁.
    """
    real = theta.dtype.type
    beta1, beta2, epsilon, under = real(hyper[0]), real(hyper[1]), real(hyper[2]), real(hyper[3])
    new1, new2 = real(1.0 - hyper[0]), real(1.0 - hyper[1])
    of_mean = real(learning_rate * hyper[0] / (1.0 - hyper[0] ** (t + 1)))
    of_gradient = real(learning_rate * (1.0 - hyper[0]) / (1.0 - hyper[0] ** t))
    correction = real(1.0 / (1.0 - hyper[1] ** t))
    m, v = slots[0], slots[1]
    for i in range(lo, hi):
        mean = beta1 * m[i] + new1 * gradient[i]
        square = beta2 * v[i] + new2 * gradient[i] * gradient[i]
        m[i], v[i] = mean, square
        root = np.sqrt(square * correction + under) + epsilon
        theta[i] -= (of_mean * mean + of_gradient * gradient[i]) / root if root > 0 else real(0)


nadam = Optimizer(
    name="nadam",
    update=update,
    learning_rate=rate(0.001, 1e-5, 0.1),
    paper="Dozat 2016, Incorporating Nesterov Momentum into Adam, algorithm 2, with constant β₁",
    hyperparameters=(BETA1, BETA2, EPSILON, EPSILON_ROOT),
    slots=("mean", "mean_of_squares"),
)
