"""AdaBound: Adam with bounds on the rate of each weight. The bounds converge to a common rate, as in SGD with momentum."""

import numpy as np

from sweepgd.plugin import BETA1, BETA2, EPSILON, Optimizer, Setting, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; θ ← θ − clip(η√(1 − β₂ᵗ)/(1 − β₁ᵗ)/(√v + ε), lower, upper)·m.

    The bounds are lower = ηf(1 − 1/(γt + 1)) and upper = ηf(1 + 1/(γt)), as in the authors' code, without the paper's factor
    1/√t.
    """
    real = theta.dtype.type
    beta1, beta2, epsilon = real(hyper[0]), real(hyper[1]), real(hyper[2])
    new1, new2 = real(1.0 - hyper[0]), real(1.0 - hyper[1])
    eta = real(learning_rate * np.sqrt(1.0 - hyper[1] ** t) / (1.0 - hyper[0] ** t))
    final, closing = learning_rate * hyper[3], hyper[4] * t
    lower, upper = real(final * (1.0 - 1.0 / (closing + 1.0))), real(final * (1.0 + 1.0 / closing))
    m, v = slots[0], slots[1]
    for i in range(lo, hi):
        mean = beta1 * m[i] + new1 * gradient[i]
        square = beta2 * v[i] + new2 * gradient[i] * gradient[i]
        m[i], v[i] = mean, square
        root = np.sqrt(square) + epsilon
        own = eta / root if root > 0 else upper
        theta[i] -= min(max(own, lower), upper) * mean


adabound = Optimizer(
    name="adabound",
    update=update,
    learning_rate=rate(0.001, 1e-5, 0.01),
    paper="Luo et al. 2019, Adaptive Gradient Methods with Dynamic Bound of Learning Rate, algorithm 2",
    hyperparameters=(
        BETA1,
        BETA2,
        EPSILON,
        Setting("final_ratio", 100.0, "f, final rate / learning rate", low=10.0, high=1000.0, log=True, minimum=0.0),
        Setting(
            "gamma", 0.001, "γ, speed at which the bounds converge", low=1e-4, high=0.1, log=True, minimum=1e-12, maximum=1.0
        ),
    ),
    slots=("mean", "mean_of_squares"),
    api_version=1,
)
