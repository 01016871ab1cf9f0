"""Divergence by threshold, infinity and NaN is an outcome with its update and the last finite loss."""

import numpy as np
import pytest
from kernel_calls import loss_and_error, loss_and_gradient
from run_builders import configuration, data_of, model_for, no_data, training

from sweepgd.core.layout import WEIGHT, Tensor, layout_of
from sweepgd.core.outcome import PRUNED, Outcome
from sweepgd.core.random_streams import INIT, stream
from sweepgd.data import DataSpec, prepare
from sweepgd.models import Architecture
from sweepgd.training import run as run_module
from sweepgd.training.batches import row_orders


def given_gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    """Return the loss settings[t] after t updates of rate 1."""
    out[0] = -1
    return settings[int(theta[0])]


def given_evaluation(theta, buffers, inputs, targets, layout, settings, work):
    return settings[int(theta[0])], 0.0


def ended_run(losses, dtype="float64", **budget):
    """Return an ended run of ten updates an epoch with these losses, one before each update."""
    return run_of(losses, dtype, **budget).run()


def run_of(losses, dtype="float64", **others):
    """Return such a run before its start."""
    architecture = Architecture(
        layout=layout_of([Tensor((1,), WEIGHT, 1, 1)]),
        gradient=given_gradient,
        evaluate=given_evaluation,
        initial=lambda rng: np.zeros(1),
        settings=np.array(losses, dtype=np.float64),
        workspace=lambda batch: 0,
    )
    data = data_of(np.zeros((10, 1)), np.zeros(10), dtype=dtype)
    return training(configuration(learning_rate=1.0, batch_size=1), data, architecture, dtype=dtype, **others or {"epochs": 1})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_divergence_by_threshold_reports_update_and_last_finite_loss(dtype):
    data = prepare(DataSpec(name="synthetic_linear", standardize=False, validation=0, test=0), dtype=dtype)
    model = model_for(data, "linear", scale=1.0)
    run = training(configuration(learning_rate=5.0, batch_size=10), data, model, dtype=dtype, epochs=3).run()

    w, order = model.initial(stream(0, INIT)).astype(dtype), row_orders(1000, 0, "epoch")(0)
    limit = 1e4 * max(1, loss_and_error(model, w, data.train)[0])
    losses = []
    for rows in np.split(order, 100):
        loss, gradient = loss_and_gradient(model, w, data.train, rows)
        losses.append(loss)
        if loss > limit:
            break
        w = w - 5 * gradient
    assert np.isfinite(losses[-1])
    assert run.outcome.status == "diverged"
    assert run.outcome.diverged_at_update == len(losses) - 1 == run.updates == run.points[-1].update
    assert run.outcome.last_finite_loss == pytest.approx(losses[-1], rel=1e-4 if dtype == "float32" else 1e-10)
    assert run.outcome.message.startswith(f"diverged at update {len(losses) - 1}: the mini-batch loss is ")
    assert "beyond the limit" in run.outcome.message
    assert "(budget.divergence = 10000); try a smaller learning rate, or raise budget.divergence" in run.outcome.message
    assert run.best.point == run.points[0]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("losses", "last_finite", "reason"),
    [
        ([1, 2, 3, np.nan], 3, "the mini-batch loss is not finite"),
        ([1, 2, 3, np.inf], 3, "the mini-batch loss is not finite"),
        ([1, 2, 3, -np.inf], 3, "the mini-batch loss is not finite"),
        ([1, 2, 3, 10_001], 10_001, "the mini-batch loss is 1e+04, beyond the limit of 1e+04"),
        ([1, 2, 3, -10_001], -10_001, "the mini-batch loss is -1e+04, beyond the limit of 1e+04"),
        ([20, 190_000, 3, np.inf], 3, "the mini-batch loss is not finite"),
        ([1, np.nan], 1, "the mini-batch loss is not finite"),
    ],
)
def test_divergence_reports_update_and_last_finite_loss(losses, last_finite, reason, dtype):
    run = ended_run(losses, dtype=dtype)
    update = len(losses) - 1
    assert run.outcome.status == "diverged"
    assert run.outcome.diverged_at_update == run.updates == run.points[-1].update == update
    assert run.outcome.last_finite_loss == last_finite
    advice = "; try a smaller learning rate"
    if "beyond" in reason:
        advice = f" (budget.divergence = 10000){advice}, or raise budget.divergence if the loss may fall again"
    assert run.outcome.message == f"diverged at update {update}: {reason}{advice}"


def test_divergence_found_at_an_evaluation():
    run = ended_run([1, 2, 3, 4, 5, 6, np.nan], updates=6)
    assert (run.outcome.status, run.outcome.diverged_at_update, run.outcome.last_finite_loss) == ("diverged", 6, 6)
    assert run.outcome.message.startswith("diverged at update 6: the train loss is not finite")


def test_a_run_pruned_at_a_rung_where_it_diverged_is_diverged():
    run = run_of([1, 2, 3, 4, 5, 6, np.nan, 8], epochs=1, rungs=(60,))
    halts = [point.update for point in run.advance() if point.update == 6 and run.end(Outcome(PRUNED, "no use")) is None]
    assert halts == [6] == [run.points[-1].update]
    assert (run.outcome.status, run.outcome.diverged_at_update, run.outcome.last_finite_loss) == ("diverged", 6, 6)


def test_the_number_of_updates_a_call_changes_no_divergence(monkeypatch):
    large = ended_run([1, 2, 3, 4, np.nan])
    monkeypatch.setattr(run_module, "CALL_SECONDS", 0.0)
    monkeypatch.setattr(run_module, "FIRST_CALL_UPDATES", 1)
    assert ended_run([1, 2, 3, 4, np.nan]).outcome == large.outcome


@pytest.mark.parametrize(("dtype", "status"), [("float32", "diverged"), ("float64", "completed")])
def test_without_a_threshold_a_divergence_may_count_as_completed(dtype, status):
    data = prepare(DataSpec(name="synthetic_linear", standardize=False, validation=0, test=0), dtype=dtype)
    settings = {"after": 2, "every": 1, "factor": 0.1}
    chosen = configuration(learning_rate=5.0, batch_size=10, schedule="step", schedule_settings=settings)
    run = training(chosen, data, model_for(data, "linear"), dtype=dtype, epochs=3, divergence=1e300).run()
    assert run.outcome.status == status
    if status == "completed":
        assert 1e150 < run.points[-1].train_loss < np.inf
    else:
        assert "not finite" in run.outcome.message


@pytest.mark.parametrize(("divergence", "status"), [(1e4, "diverged"), (1e9, "completed")])
def test_a_loss_that_grows_for_a_while_names_the_limit_to_raise(divergence, status):
    """Momentum of 0.99 just below its edge, 2 · 1.99/λmax, multiplies the loss by 3e4 before it converges."""
    surface = model_for(no_data(), "quadratic", curvatures=(7.0, 1.0), start=(1.0, 1.0))
    chosen = configuration("momentum", {"beta": 0.99}, learning_rate=0.99999 * 2 * 1.99 / 7.0, batch_size="full")
    run = training(chosen, no_data(), surface, updates=5_000, divergence=divergence).run()
    assert run.outcome.status == status
    if status == "completed":
        assert run.points[-1].train_loss < 1e-6
    else:
        assert run.outcome.message == (
            "diverged at update 82: the train loss is 4.02e+04, beyond the limit of 4e+04 (budget.divergence = 10000);"
            " try a smaller learning rate, or raise budget.divergence if the loss may fall again"
        )


def test_initial_weights_of_nan_diverge_before_the_first_update():
    data = data_of(np.ones((10, 3)), np.ones(10))
    initial = np.full(4, np.nan)
    run = training(configuration(batch_size=5), data, model_for(data, "linear"), initial=initial, epochs=2).run()
    assert run.outcome.diverged_at_update == run.updates == 0
    assert run.outcome.last_finite_loss is None
    assert run.best is None


@pytest.mark.parametrize(("factor", "status"), [(0.995, "completed"), (1.005, "diverged")])
def test_descent_on_a_quadratic_diverges_just_above_two_over_its_largest_curvature(factor, status):
    surface = model_for(no_data(), "quadratic", curvatures=[1.0, 3.0, 10.0], start=[1.0, 1.0, 1.0])
    run = training(configuration(learning_rate=factor * 2 / 10, batch_size=1), no_data(), surface, updates=1000).run()
    assert run.outcome.status == status
    if status == "completed":
        assert run.points[-1].train_loss < 1e-6
