"""SAM follows the path of optax's rule. optax makes an update in two calls: a move to the perturbed weights, and the step of
SGD.
"""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from optimizers.paths import TOLERANCE, UPDATES, Path, flat, gradients, largest_difference, own_path, run_of, split


def optax_path(path: Path, radius: float) -> np.ndarray:
    """Return the path of optax's rule, with the start and the learning rates of `path`."""
    dtype = path.weights.dtype.name
    gradient, rates = gradients(dtype), jnp.asarray(path.rates, dtype)
    perturbation = optax.chain(optax.contrib.normalize(), optax.sgd(radius))
    rule = optax.contrib.sam(optax.sgd(lambda count: rates[count]), perturbation)
    tensors = [jnp.asarray(tensor) for tensor in split(path.weights[0], dtype)]
    state = rule.init(tensors)
    call = jax.jit(rule.update)
    weights = [path.weights[0]]
    for t in range(UPDATES):
        for _ in range(2):
            changes, state = call(split(gradient(flat(tensors), t), dtype), state, tensors)
            tensors = optax.apply_updates(tensors, changes)
        weights.append(flat(tensors))
    return np.array(weights)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sam_follows_optax(dtype):
    run = run_of("sam", {"rho": 0.1}, 0.3, dtype)
    own = own_path(run)
    assert run.points[-1].train_loss < 0.8 * run.points[0].train_loss
    assert largest_difference(own.weights, optax_path(own, 0.1)) < TOLERANCE[dtype]
