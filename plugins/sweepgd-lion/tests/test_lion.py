"""Lion follows the path of optax's rule."""

import optax
import pytest
from optimizers.paths import TOLERANCE, is_weight, largest_difference, optax_path, own_path, run_of


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_lion_follows_optax(dtype):
    run = run_of("lion", {"beta1": 0.8, "beta2": 0.95, "weight_decay": 0.3}, 0.01, dtype)
    own = own_path(run)
    assert run.points[-1].train_loss < 0.8 * run.points[0].train_loss
    theirs = optax_path(lambda rate: optax.lion(rate, b1=0.8, b2=0.95, weight_decay=0.3, mask=is_weight(dtype)), own)
    assert largest_difference(own.weights, theirs) < TOLERANCE[dtype]
