"""Muon follows the path of optax's parts: Nesterov's trace, orthogonalization, and Adam for biases."""

import jax
import numpy as np
import optax
import pytest
from optax.contrib import MuonDimensionNumbers, scale_by_muon
from optimizers.paths import is_weight, largest_difference, optax_path, own_path, run_of
from sweepgd_muon.orthogonal import orthogonalize

# The gradient of a softmax layer does not have full column rank, and Newton-Schulz steps multiply rounding errors in the null
# direction by 3.4445⁵ = 485.
TOLERANCE = {"float32": 1e-4, "float64": 1e-10}


def matrices(tree):
    return jax.tree.map(lambda _: MuonDimensionNumbers(reduction_axis=0, output_axis=1), tree)


def scale_step(tree, _):
    return jax.tree.map(lambda step: step * max(1.0, step.shape[1] / step.shape[0]) ** 0.5, tree)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_muon_follows_optax(dtype):
    run = run_of("muon", {"momentum": 0.9, "weight_decay": 0.1}, 0.02, dtype)
    own = own_path(run)
    assert run.points[-1].train_loss < 0.8 * run.points[0].train_loss

    def rule(rate):
        orthogonal = optax.chain(
            # The momentum of optax's muon is an average with bias correction, and its Nesterov form is a different combination.
            optax.trace(0.9, nesterov=True),
            scale_by_muon(beta=0.0, nesterov=False, eps=0.0, weight_dimension_numbers=matrices),
            optax.stateless(scale_step),
            optax.add_decayed_weights(0.1),
            optax.scale_by_learning_rate(rate),
        )
        kinds = ["matrix" if weight else "bias" for weight in is_weight(dtype)]
        return optax.partition({"matrix": orthogonal, "bias": optax.adam(rate)}, kinds)

    assert largest_difference(own.weights, optax_path(rule, own)) < TOLERANCE[dtype]


@pytest.mark.parametrize("columns", [4, 9])
def test_orthogonalize_brings_singular_values_near_1_and_keeps_vectors(columns):
    rng = np.random.default_rng(4)
    left = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    right = np.linalg.qr(rng.normal(size=(columns, 4)))[0].T
    x = (left * [0.8, 0.4, 0.2, 0.1] @ right).ravel()

    orthogonalize(x, np.empty_like(x), np.empty(16), np.empty(16), 4, columns)

    values = left.T @ x.reshape(4, columns) @ right.T
    np.testing.assert_allclose(values, np.diag(np.diag(values)), atol=1e-12)
    assert np.diag(values).min() > 0.6
    assert np.diag(values).max() < 1.3
    np.testing.assert_allclose(np.linalg.norm(x), np.linalg.norm(values), rtol=1e-12)
