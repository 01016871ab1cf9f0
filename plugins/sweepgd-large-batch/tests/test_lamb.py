"""LAMB follows the path of optax's parts, combined so that biases are neither rescaled nor decayed."""

import optax
import pytest
from optimizers.paths import TOLERANCE, is_weight, largest_difference, optax_path, own_path, run_of


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_lamb_follows_optax(dtype):
    run = run_of("lamb", {"weight_decay": 0.1}, 0.03, dtype)
    own = own_path(run)
    assert run.points[-1].train_loss < 0.8 * run.points[0].train_loss
    weight = is_weight(dtype)
    theirs = optax_path(
        lambda rate: optax.chain(
            optax.scale_by_adam(eps=1e-6),
            optax.add_decayed_weights(0.1, weight),
            optax.masked(optax.scale_by_trust_ratio(), weight),
            optax.scale_by_learning_rate(rate),
        ),
        own,
    )
    assert largest_difference(own.weights, theirs) < TOLERANCE[dtype]
