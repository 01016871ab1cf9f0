"""LARS follows the path of optax's rule without weight decay, and the path of the paper's equations with weight decay."""

import numpy as np
import optax
import pytest
from optimizers.paths import TOLERANCE, is_weight, largest_difference, naive_path, optax_path, own_path, run_of, split


def equations(w, g, memory, rate, t, *, beta, trust, weight_decay):
    """Update weight matrices by algorithm 1, with decay in the denominator as in eq. 6, and biases by momentum."""
    dtype = w.dtype.name
    velocity = memory.setdefault("velocity", [np.zeros_like(tensor) for tensor in split(w, dtype)])
    new = []
    for i, (tensor, slope) in enumerate(zip(split(w, dtype), split(g, dtype), strict=True)):
        local = 1.0
        if is_weight(dtype)[i]:
            size = np.linalg.norm(tensor)
            local = trust * size / (np.linalg.norm(slope) + weight_decay * size)
            slope = slope + weight_decay * tensor
        velocity[i] = (beta * velocity[i] + rate * local * slope).astype(dtype)
        new.append((tensor - velocity[i]).ravel())
    return np.concatenate(new)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("decay", [0.0, 0.05])
def test_lars_follows_the_papers_equations_and_optax(decay, dtype):
    run = run_of("lars", {"beta": 0.8, "trust": 0.02, "weight_decay": decay}, 0.3, dtype)
    own = own_path(run)
    assert run.points[-1].train_loss < 0.8 * run.points[0].train_loss
    paper = naive_path(equations, own, beta=0.8, trust=0.02, weight_decay=decay)
    assert largest_difference(own.weights, paper) < TOLERANCE[dtype]
    if decay == 0.0:
        mask = is_weight(dtype)
        theirs = optax_path(lambda rate: optax.lars(rate, trust_coefficient=0.02, trust_ratio_mask=mask, momentum=0.8), own)
        assert largest_difference(own.weights, theirs) < TOLERANCE[dtype]
