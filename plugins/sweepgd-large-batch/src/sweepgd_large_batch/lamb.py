"""LAMB: Adam, but the step of each weight matrix is rescaled to the norm of the matrix."""

import numpy as np

from sweepgd.plugin import BETA1, BETA2, KIND, WEIGHT, Optimizer, Setting, extent, norm, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """θ ← θ − η·‖θ‖/‖r + λθ‖·(r + λθ) for weight matrices, with Adam's r = m̂/(√v̂ + ε); θ ← θ − ηr for biases."""
    real = theta.dtype.type
    beta1, beta2, epsilon = real(hyper[0]), real(hyper[1]), real(hyper[2])
    new1, new2 = real(1.0 - hyper[0]), real(1.0 - hyper[1])
    correction1, correction2 = real(1.0 / (1.0 - hyper[0] ** t)), real(1.0 / (1.0 - hyper[1] ** t))
    m, v, step = slots[0], slots[1], slots[2]
    for row in range(layout.shape[0]):
        start, stop = extent(layout, row)
        is_weight = layout[row, KIND] == WEIGHT
        decay = real(hyper[3] if is_weight else 0.0)
        for i in range(start, stop):
            mean = beta1 * m[i] + new1 * gradient[i]
            square = beta2 * v[i] + new2 * gradient[i] * gradient[i]
            m[i], v[i] = mean, square
            root = np.sqrt(square * correction2) + epsilon
            step[i] = (correction1 * mean / root if root > 0 else real(0)) + decay * theta[i]
        trust = 1.0
        if is_weight:
            size, length = norm(theta, start, stop), norm(step, start, stop)
            # If all weights are zero, the ratio would keep the weights at zero.
            trust = size / length if size > 0 and length > 0 else 1.0
        eta = real(learning_rate * trust)
        for i in range(start, stop):
            theta[i] -= eta * step[i]


lamb = Optimizer(
    name="lamb",
    update=update,
    learning_rate=rate(0.01, 1e-4, 0.1),
    paper="You et al. 2020, Large Batch Optimization for Deep Learning, algorithm 2 with φ(z) = z",
    hyperparameters=(
        BETA1,
        BETA2,
        Setting("epsilon", 1e-6, "added to the root", low=1e-10, high=1e-3, log=True, minimum=0.0),
        Setting("weight_decay", 0.01, "λ, applied to weights and not to biases", low=1e-4, high=0.1, log=True, minimum=0.0),
    ),
    slots=("mean", "mean_of_squares", "step"),
    elementwise=False,
    api_version=1,
)
