"""ASAM follows the path of the paper's equations, written with whole vectors."""

import numpy as np
import pytest
from optimizers.paths import TOLERANCE, Path, gradients, is_weight, largest_difference, own_path, problem, run_of

from sweepgd.plugin import SIZE


def equations(path: Path, rho: float, offset: float) -> np.ndarray:
    """Return the path of w ← w − η∇L(w + ρT²g/‖Tg‖) with the rates of `path`, and with T = |w| + offset for weights and 1 for
    biases.
    """
    dtype = path.weights.dtype.name
    gradient = gradients(dtype)
    weight = np.repeat(is_weight(dtype), problem(dtype)[1].layout[:, SIZE])
    w = path.weights[0]
    weights = [w]
    for t, rate in enumerate(path.rates.tolist()):
        g = gradient(w, t)
        scale = np.where(weight, np.abs(w) + offset, 1.0)
        perturbation = rho * scale**2 * g / np.linalg.norm(scale * g)
        w = w - rate * gradient((w + perturbation).astype(dtype), t)
        weights.append(w)
    assert w.dtype == dtype
    return np.array(weights)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_asam_follows_the_papers_equations(dtype):
    run = run_of("asam", {"rho": 0.3, "offset": 0.05}, 0.3, dtype)
    own = own_path(run)
    assert run.points[-1].train_loss < 0.8 * run.points[0].train_loss
    assert largest_difference(own.weights, equations(own, 0.3, 0.05)) < TOLERANCE[dtype]
