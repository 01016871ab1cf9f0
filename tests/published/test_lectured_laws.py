"""Laws of Hung-yi Lee's lectures on optimization that hold on any machine."""

from math import log

import numpy as np
import pytest

import sweepgd
from sweepgd.core.layout import POSITION, Tensor, layout_of
from sweepgd.kernels import signatures
from sweepgd.optimizers import slot_matrix
from sweepgd.plugins import registry


@pytest.mark.parametrize("largest", [0.5, 25.0])
@pytest.mark.parametrize(("factor", "status"), [(1.005, "diverged"), (0.995, "completed")])
def test_descent_on_a_quadratic_diverges_exactly_above_2_over_lambda_max(factor, status, largest):
    run = sweepgd.train(
        "none",
        "quadratic",
        learning_rate=factor * 2 / largest,
        batch_size="full",
        epochs=3000,
        overrides=[f"model.curvatures=[0.1, {largest}]", 'model.dtype="float64"'],
    )
    assert run.outcome.status == status
    if status == "completed":
        assert run.points[-1].train_loss < 1e-12
        return
    # Along the axis of λmax, ½λx² is multiplied by (1 − ηλ)² at each update.
    limit = 1e4 * max(1.0, run.points[0].train_loss)
    updates = log(limit / (largest / 2)) / (2 * log(2 * factor - 1))
    assert run.outcome.diverged_at_update == pytest.approx(updates, abs=2)


@pytest.mark.parametrize(
    ("start", "end", "loss"),
    [((0.0, 0.0), (0, 0), 0.0), ((1.0, 0.0), (0, 0), 0.0), ((1.0, 1e-6), (0, 1), -0.25)],
    ids=["at the saddle", "on the stable axis", "beside the axis"],
)
def test_descent_stays_at_a_saddle_and_leaves_from_beside_it(start, end, loss):
    run = sweepgd.train(
        "none",
        "saddle",
        learning_rate=0.1,
        batch_size="full",
        epochs=500,
        overrides=[f"model.start={list(start)}", 'model.dtype="float64"'],
    )
    np.testing.assert_allclose(run.parameters, end, atol=1e-9)
    assert run.points[-1].train_loss == pytest.approx(loss, abs=1e-12)


def test_mini_batches_leave_a_point_at_which_the_full_gradient_is_0():
    """A network with zero weights, classes of equal size, and 256 rows, so that sums of 1/256 are exact."""

    def run(batch_size):
        overrides = ['model.init="zero"', 'model.activation="tanh"', "data.rows=256", "data.validation=0.0", "data.test=0.0"]
        return sweepgd.train("moons", "mlp", "sgd", 0.1, batch_size, 20, overrides=overrides)

    full, mini = run("full"), run(16)
    assert not full.parameters.any()
    assert [point.gradient_norm for point in full.points] == [0.0] * 21
    assert full.points[-1].train_loss == pytest.approx(log(2), rel=1e-6)
    assert mini.points[0].gradient_norm == 0.0
    assert mini.parameters.any()


def rms_steps(gradients, rates):
    """The steps |Δθ| of the root-mean-square rule for given gradients and learning rates, shape (updates,)."""
    rule = registry.get("optimizers", "rms")
    layout = layout_of([Tensor((1,), POSITION, 1, 1)])
    update = signatures.compiled("update", rule.update, "float64")
    slots, hyper = slot_matrix(rule, layout, "float64"), rule.hyper({"epsilon": 0.0})
    steps = []
    for t, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        theta = np.zeros(1)
        update(theta, np.array([gradient]), slots, layout, hyper, rate, t, 0, 1)
        steps.append(abs(theta[0]))
    return np.array(steps)


def test_rms_takes_long_steps_after_small_gradients_and_then_recovers():
    gradients = np.repeat([1e-3, 1.0], 1000)
    steps = rms_steps(gradients, np.full(2000, 0.1))
    np.testing.assert_allclose(steps[:1000], 0.1, rtol=1e-9)  # σ is the gradient itself
    assert steps[1000] == pytest.approx(0.1 * (1001 / (1 + 1000 * 1e-6)) ** 0.5, rel=1e-9)  # 31.6 times as long
    assert (np.diff(steps[1000:]) < 0).all()
    assert steps[-1] == pytest.approx(0.1 * 2**0.5, rel=1e-3)


def test_a_decaying_rate_bounds_the_steps_of_rms():
    """Because σ² ≥ g²/t, no step with the rate η/√t is longer than η."""
    gradients = np.repeat([1e-3, 1.0], 1000)
    assert rms_steps(gradients, 0.1 / np.sqrt(np.arange(1, 2001))).max() == pytest.approx(0.1, rel=1e-9)
