"""AdamW: Adam with decoupled weight decay, which is not divided by the root of the squared gradients."""

from sweepgd.core.setting import Setting
from sweepgd.kernels import decay_weights, helper
from sweepgd.optimizers import adam as adam_rule
from sweepgd.optimizers.adam import BETA1, BETA2, EPSILON, EPSILON_ROOT
from sweepgd.optimizers.contract import Optimizer, rate

adam_update = helper(adam_rule.update)


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """θ ← (1 − ηλ)θ for the weights, then Adam's step. λ is multiplied by the learning rate, as in PyTorch and optax."""
    decay_weights(theta, layout, 1.0 - learning_rate * hyper[4], lo, hi)
    adam_update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi)


adamw = Optimizer(
    name="adamw",
    update=update,
    learning_rate=rate(0.001, 1e-5, 0.1),
    paper="Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization, algorithm 2",
    hyperparameters=(
        BETA1,
        BETA2,
        EPSILON,
        EPSILON_ROOT,
        Setting("weight_decay", 0.01, "λ, applied to weights and not to biases", low=1e-5, high=0.3, log=True, minimum=0.0),
    ),
    slots=("mean", "mean_of_squares"),
)
