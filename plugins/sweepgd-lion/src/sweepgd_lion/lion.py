"""Lion: each weight moves by the same length, in the direction of the sign of a momentum."""

import numpy as np

from sweepgd.plugin import Optimizer, Setting, decay_weights, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """θ ← θ − η(sign(β₁m + (1 − β₁)g) + λθ), with λ on weights only; m ← β₂m + (1 − β₂)g."""
    real = theta.dtype.type
    eta, beta1, beta2 = real(learning_rate), real(hyper[0]), real(hyper[1])
    new1, new2 = real(1.0 - hyper[0]), real(1.0 - hyper[1])
    decay_weights(theta, layout, 1.0 - learning_rate * hyper[2], lo, hi)
    m = slots[0]
    for i in range(lo, hi):
        direction = beta1 * m[i] + new1 * gradient[i]
        mean = beta2 * m[i] + new2 * gradient[i]
        m[i] = mean
        theta[i] -= eta * np.sign(direction)


BETAS = {"minimum": 0.0, "maximum": 1.0, "open_maximum": True}

lion = Optimizer(
    name="lion",
    update=update,
    learning_rate=rate(0.0003, 1e-5, 1e-2),
    paper="Chen et al. 2023, Symbolic Discovery of Optimization Algorithms, algorithm 2",
    hyperparameters=(
        Setting("beta1", 0.9, "weight of the mean of gradients in the direction of a step", low=0.5, high=0.99, **BETAS),
        Setting("beta2", 0.99, "decay rate of the mean of gradients", low=0.9, high=0.999, **BETAS),
        Setting("weight_decay", 0.1, "λ, applied to weights and not to biases", low=1e-3, high=3.0, log=True, minimum=0.0),
    ),
    slots=("mean",),
    api_version=1,
)
