"""Both rules follow optax's schedule-free wrapper, around SGD and around Adam's scaling with weight decay at y."""

import optax
import pytest
from optimizers.paths import TOLERANCE, Path, is_weight, largest_difference, optax_path, own_path, run_of


def sgd(rate, dtype):
    return optax.sgd(rate)


def adamw(rate, dtype):
    return optax.chain(
        optax.scale_by_adam(b1=0.0, b2=0.99),
        optax.add_decayed_weights(0.1, is_weight(dtype)),
        optax.scale_by_learning_rate(rate),
    )


def wrapped(base, path: Path):
    """Return the averages along the path of optax."""
    dtype = path.weights.dtype.name
    return optax_path(
        # optax counts updates from 1 for the rate of the average, and from 0 for the rate of the step.
        lambda rate: optax.contrib.schedule_free(base(rate, dtype), lambda count: rate(count - 1), b1=0.8),
        path,
        evaluated=optax.contrib.schedule_free_eval_params,
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("name", "rate", "hyperparameters", "base"),
    [
        ("schedule_free_sgd", 1.0, {"beta": 0.8}, sgd),
        ("schedule_free_adamw", 0.02, {"beta": 0.8, "beta2": 0.99, "weight_decay": 0.1}, adamw),
    ],
)
def test_schedule_free_rules_follow_optax(name, rate, hyperparameters, base, dtype):
    run = run_of(name, hyperparameters, rate, dtype)
    own = own_path(run)
    assert run.points[-1].train_loss < 0.8 * run.points[0].train_loss
    assert largest_difference(own.weights, wrapped(base, own)) < TOLERANCE[dtype]
