"""The root-mean-square rule of Lee's lectures: each step is divided by the root mean square of all gradients so far."""

import numpy as np

from sweepgd.core.setting import Setting
from sweepgd.optimizers.contract import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """s ← s + g²; σ = √(s/t + ε); θ ← θ − ηg/σ. The first step is ±η, because σ₁ = |g₁|. If σ is 0, θ does not change."""
    real = theta.dtype.type
    eta, epsilon, share = real(learning_rate), real(hyper[0]), real(1.0 / t)
    s = slots[0]
    for i in range(lo, hi):
        total = s[i] + gradient[i] * gradient[i]
        s[i] = total
        sigma = np.sqrt(total * share + epsilon)
        theta[i] -= eta * gradient[i] / sigma if sigma > 0 else real(0)


rms = Optimizer(
    name="rms",
    update=update,
    learning_rate=rate(0.001, 1e-5, 0.1),
    paper="Hung-yi Lee, Machine Learning 2021, lecture 2 (adaptive learning rate): Adagrad with the mean instead of the sum",
    hyperparameters=(Setting("epsilon", 1e-10, "added under the root", low=1e-12, high=1e-6, log=True, minimum=0.0),),
    slots=("sum_of_squares",),
)
