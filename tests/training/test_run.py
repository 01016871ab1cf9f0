"""A run: the rows of each update, the evaluations, the end by a budget, and the results."""

from itertools import pairwise

import naive
import numpy as np
import pytest
from small import configuration, data_of, in_order, loss_and_error, loss_and_gradient, model_for, no_data, training

from sweepgd.core.errors import UsageError
from sweepgd.core.layout import tensors_in
from sweepgd.core.outcome import PRUNED, Outcome
from sweepgd.data import DataSpec, prepare
from sweepgd.kernels.trainer import EvaluationResult
from sweepgd.training import Evaluation
from sweepgd.training import run as run_module

RNG = np.random.default_rng(5)
TEN = data_of(RNG.normal(size=(10, 3)), RNG.normal(size=10), validation=(RNG.normal(size=(6, 3)), RNG.normal(size=6)))
LINEAR = model_for(TEN, "linear")
IN_ORDER = in_order(10)
START = np.array([0.5, -1.0, 0.3, 0.1])
GROWTH = {"after": 1, "every": 1, "factor": 2.0, "limit": 0}


def batches(lengths, rows):
    """Consecutive slices of the rows."""
    return [rows[start:stop] for start, stop in pairwise(np.cumsum([0, *lengths]))]


def naive_loss_and_gradient(weights, rows):
    tensors = tensors_in(weights, LINEAR.layout)
    return naive.network(tensors, TEN.train.inputs[rows], TEN.train.targets[rows], "relu", "squared")


def naive_descent(epochs, rate, penalty=0.0):
    """SGD over the mini-batch lengths of each epoch; `penalty` is that of weights alone."""
    w = START
    for lengths in epochs:
        for batch in batches(lengths, np.arange(10)):
            w = w - rate * (naive_loss_and_gradient(w, batch)[1] + penalty * w * [1, 1, 1, 0])
    return w


def run_of(*, batch_size=3, learning_rate=0.1, optimizer="sgd", order=IN_ORDER, initial=START, **others):
    """Linear regression on ten rows in their order, with the initial parameters START."""
    own = {"schedule", "batch_schedule", "batch_schedule_settings", "warmup", "weight_decay", "hyperparameters"}
    own |= {"schedule_settings", "schedule_after_warmup"}
    given = {name: others.pop(name) for name in own & set(others)}
    chosen = configuration(optimizer, batch_size=batch_size, learning_rate=learning_rate, **given)
    return training(chosen, TEN, LINEAR, order=order, initial=initial, **others)


def column(run, name):
    return [getattr(point, name) for point in run.points]


# --- Rows


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_batch_of_all_rows_equals_the_full_batch_bit_for_bit(dtype):
    data = prepare(DataSpec(name="wine"), dtype=dtype)
    model = model_for(data, "mlp", hidden=[4])
    runs = [training(configuration(batch_size=size), data, model, dtype=dtype, epochs=5).run() for size in (data.rows, "full")]
    assert runs[0].parameters.tolist() == runs[1].parameters.tolist()
    assert column(runs[0], "train_loss") == column(runs[1], "train_loss")
    assert runs[1].updates == 5
    assert runs[1].batch_size == data.rows


def test_a_short_last_batch_is_divided_by_its_own_length():
    run = run_of(epochs=2).run()
    np.testing.assert_allclose(run.parameters, naive_descent([[3, 3, 3, 1]] * 2, 0.1), rtol=1e-12)
    assert (run.updates, run.samples) == (8, 20)
    assert run.points[-1].batch_size == 1


def test_a_short_last_batch_can_be_dropped():
    run = run_of(epochs=2, last_batch="drop").run()
    np.testing.assert_allclose(run.parameters, naive_descent([[3, 3, 3]] * 2, 0.1), rtol=1e-12)
    assert (run.updates, run.samples) == (6, 18)
    assert column(run, "epoch") == [0, 1, 2]


def test_batch_growth():
    run = run_of(batch_size=2, batch_schedule="growth", batch_schedule_settings=GROWTH, epochs=4).run()
    epochs = [[2] * 5, [4, 4, 2], [8, 2], [10]]
    np.testing.assert_allclose(run.parameters, naive_descent(epochs, 0.1), rtol=1e-12)
    assert column(run, "update") == [0, 5, 8, 10, 11]
    assert run.plan.length(run.budget) == 11


@pytest.mark.parametrize("batch_size", [0, -1, 11])
def test_an_invalid_batch_size_is_refused(batch_size):
    with pytest.raises(UsageError, match=rf'batch_size {batch_size}: must be 1 to 10, .*"full"$'):
        run_of(batch_size=batch_size, epochs=1)


# --- Evaluations


def test_evaluations_at_the_start_at_epoch_ends_and_every_eval_every_samples():
    run = run_of(epochs=2, eval_every=4).run()
    # Samples are 3 6 9 10 and 13 16 19 20; the multiples of 4 are reached at 6, 9, 13, 16 and 20.
    assert column(run, "samples") == [0, 6, 9, 10, 13, 16, 20]
    assert column(run, "update") == [0, 2, 3, 4, 5, 6, 8]
    assert column(run, "epoch") == pytest.approx([0, 0.6, 0.9, 1, 1.3, 1.6, 2])
    assert column(run, "batch_size") == [3, 3, 3, 1, 3, 3, 1]
    assert column(run_of(epochs=3).run(), "update") == [0, 4, 8, 12]
    assert column(run_of(epochs=2, eval_every=1).run(), "update") == list(range(9))


def test_an_evaluation_uses_all_rows_and_no_penalty():
    run = run_of(epochs=2, weight_decay=0.3).run()
    last = run.points[-1]
    loss, gradient = naive_loss_and_gradient(run.parameters, np.arange(10))
    assert last.train_loss == pytest.approx(loss, rel=1e-12)
    assert last.gradient_norm == pytest.approx(np.linalg.norm(gradient), rel=1e-12)
    assert last.validation_loss == loss_and_error(LINEAR, run.parameters, TEN.validation)[0]
    for nothing in (last.test_loss, last.train_error, last.validation_error, last.test_error):
        assert np.isnan(nothing)


def test_the_gradient_norm_of_more_rows_than_a_chunk():
    data = prepare(DataSpec(name="digits", subset=900), dtype="float64")
    model = model_for(data, "mlp", hidden=[5])
    assert data.rows > 2 * model.chunk
    run = training(configuration(), data, model, epochs=1).run()
    loss, gradient = loss_and_gradient(model, run.parameters, data.train)
    assert run.points[-1].gradient_norm == pytest.approx(np.linalg.norm(gradient), rel=1e-12)
    assert run.points[-1].train_loss == pytest.approx(loss, rel=1e-12)
    expected = loss_and_error(model, run.parameters, data.test)
    assert (run.points[-1].test_loss, run.points[-1].test_error) == expected


def test_the_batch_loss_is_the_last_mini_batchs_before_its_update():
    run = run_of(epochs=1).run()
    before = naive_descent([[3, 3, 3]], 0.1)
    assert np.isnan(run.points[0].batch_loss)
    assert run.points[1].batch_loss == pytest.approx(naive_loss_and_gradient(before, np.array([9]))[0], rel=1e-12)


def test_positions_on_a_surface_follow_the_closed_form():
    surface = model_for(no_data(), "quadratic", curvatures=[1.0, 10.0], start=[1.0, -2.0])
    run = training(configuration(learning_rate=0.15, batch_size=1), no_data(), surface, updates=30).run()
    path = [(1 - 0.15 * np.array([1.0, 10.0])) ** t * [1.0, -2.0] for t in range(31)]
    np.testing.assert_allclose(run.positions, path, rtol=1e-12)
    assert run_of(epochs=1).positions is None


def test_an_evaluation_has_the_fields_of_the_kernels_result_in_order():
    first = Evaluation._fields.index("train_loss")
    assert Evaluation._fields[first:-1] == EvaluationResult._fields
    assert Evaluation._fields[-1] == "batch_loss"


# --- Budgets


@pytest.mark.parametrize(
    ("budget", "updates", "samples"),
    [
        ({"epochs": 2}, 8, 20),
        ({"updates": 7}, 7, 19),
        ({"updates": 8}, 8, 20),
        ({"samples": 9}, 3, 9),
        ({"samples": 10}, 4, 10),
        ({"samples": 11}, 5, 13),
        ({"samples": 17}, 7, 19),
        ({"samples": 20}, 8, 20),
    ],
)
def test_budgets(budget, updates, samples):
    run = run_of(**budget).run()
    assert (run.updates, run.samples) == (updates, samples)
    assert run.points[-1].update == updates
    assert run.plan.length(run.budget) == updates
    assert run.percent >= 100
    assert (run.outcome.status, run.outcome.message) == ("completed", "budget spent")


@pytest.mark.parametrize("samples", range(1, 45))
def test_a_run_is_as_long_as_planned(samples):
    growing = {"batch_size": 3, "batch_schedule": "growth", "batch_schedule_settings": GROWTH}
    for others in ({}, {"last_batch": "drop"}, growing):
        run = run_of(samples=samples, **others).run()
        assert run.plan.length(run.budget) == run.updates


def test_a_budget_in_seconds_counts_training_and_is_checked_after_each_call(monkeypatch):
    ticks = iter(range(1000))
    monkeypatch.setattr(run_module, "perf_counter", lambda: next(ticks))
    run = run_of(seconds=3).run()
    # Each call takes a second: the first makes an epoch's 4 updates, and later ones are cut to one.
    assert (run.seconds, run.updates) == (3, 6)
    assert run.points[-1].update == 6
    assert run.plan.length(run.budget) is None
    assert run.outcome.message == "budget spent"


def test_stop_at():
    free = run_of(epochs=20).run()
    enough = free.points[5].train_loss
    run = run_of(epochs=20, stop_at=enough).run()
    assert column(run, "train_loss") == column(free, "train_loss")[:6]
    assert run.outcome.status == "completed"
    assert run.outcome.message.startswith("train loss at or below")


def test_patience_counts_evaluations_without_a_better_validation_loss():
    inputs = TEN.train.inputs
    data = data_of(inputs, TEN.train.targets, validation=(inputs, -TEN.train.targets))
    initial = np.zeros(4)
    run = training(configuration(batch_size=3), data, LINEAR, initial=initial, epochs=50, patience=3).run()
    losses = column(run, "validation_loss")
    lowest = int(np.argmin(losses))
    assert len(losses) == lowest + 4
    assert run.best.point == run.points[lowest]
    assert run.outcome.message == "no better loss in 3 evaluations"


def test_steps_to_goal_is_the_first_update_strictly_below_it():
    losses = column(run_of(epochs=20).run(), "validation_loss")
    assert losses[3] == min(losses[:4])
    run = run_of(epochs=20, goal=losses[3]).run()
    assert run.steps_to_goal == 4 * (3 + int(np.argmax(np.array(losses[3:]) < losses[3])))
    assert run_of(epochs=20, goal=0.0).run().steps_to_goal is None


def test_the_goal_of_a_classification_is_an_error():
    data = prepare(DataSpec(name="wine"))
    model = model_for(data, "softmax")
    run = training(configuration(), data, model, dtype="float32", epochs=10, goal=0.2).run()
    first = next(point for point in run.points if point.validation_error < 0.2)
    assert run.steps_to_goal == first.update > 0


# --- Rates and penalties


def test_the_rate_grows_linearly_during_warm_up():
    run = run_of(epochs=4, warmup=2, eval_every=1).run()
    assert column(run, "learning_rate")[1:] == pytest.approx([0.1 * min(1, (t + 1) / 8) for t in range(16)], rel=1e-15)


def test_a_schedule_after_warm_up_starts_at_its_end():
    chosen = {"schedule": "cosine", "schedule_settings": {"floor": 0.0, "restarts": 0}}
    run = run_of(epochs=4, warmup=2, eval_every=1, schedule_after_warmup=True, **chosen).run()
    climbing = [(t + 1) / 8 for t in range(8)]
    falling = [0.5 * (1 + np.cos(np.pi * t / 8)) for t in range(8)]
    assert column(run, "learning_rate")[1:] == pytest.approx([0.1 * factor for factor in climbing + falling], rel=1e-14)


def test_a_warm_up_with_growing_batches_is_counted_in_updates():
    """5 updates in epoch 0, 3 in epoch 1: 7.5 updates, rounded to 8, are 2 epochs."""
    growing = {"batch_schedule": "growth", "batch_schedule_settings": GROWTH, "batch_size": 2}
    chosen = {"schedule": "step", "schedule_settings": {"after": 1, "every": 1, "factor": 0.1}}
    run = run_of(epochs=5, warmup=1.5, schedule_after_warmup=True, **growing, **chosen).run()
    assert column(run, "learning_rate")[1:] == pytest.approx([0.1 * factor for factor in (5 / 8, 1, 1, 0.1, 0.01)])


def test_the_l2_penalty_applies_to_weights_and_not_to_biases():
    run = run_of(epochs=3, weight_decay=0.7).run()
    np.testing.assert_allclose(run.parameters, naive_descent([[3, 3, 3, 1]] * 3, 0.1, penalty=0.7), rtol=1e-12)


def test_decoupled_weight_decay_applies_to_weights_and_not_to_biases():
    settings = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "epsilon_root": 0.0, "weight_decay": 0.7}
    run = run_of(optimizer="adamw", batch_size="full", updates=20, hyperparameters=settings).run()
    w, memory = START, {}
    for t in range(1, 21):
        gradient = naive_loss_and_gradient(w, np.arange(10))[1]
        adam = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "epsilon_root": 0.0}
        w = naive.adamw(w, gradient, memory, 0.1, t, weight_decay=0.7, is_weight=np.array([1, 1, 1, 0]), **adam)
    np.testing.assert_allclose(run.parameters, w, rtol=1e-12)


# --- Results


def test_runs_that_advance_in_turn_equal_runs_alone_and_keep_numpy_warnings():
    before = np.geterr()
    pair = [run_of(epochs=2), run_of(epochs=3, optimizer="adam")]
    steps = [run.advance() for run in pair]
    while steps:
        steps = [step for step in steps if next(step, None) is not None]
        assert np.geterr() == before
    assert pair[0].parameters.tolist() == run_of(epochs=2).run().parameters.tolist()
    assert pair[1].parameters.tolist() == run_of(epochs=3, optimizer="adam").run().parameters.tolist()


def test_the_same_seed_gives_the_same_bits():
    data = prepare(DataSpec(name="wine"))
    model = model_for(data, "mlp", hidden=[6])

    def run(seed):
        return training(configuration("adam"), data, model, dtype="float32", seed=seed, epochs=3).run()

    first, again, other = run(1), run(1), run(2)
    assert first.parameters.dtype == np.float32
    assert first.parameters.tobytes() == again.parameters.tobytes() != other.parameters.tobytes()
    assert column(first, "validation_loss") == column(again, "validation_loss")
    assert first.points[0].train_loss != other.points[0].train_loss


def test_the_number_of_updates_a_call_changes_no_bit(monkeypatch):
    data = prepare(DataSpec(name="wine"))
    model = model_for(data, "mlp", hidden=[6])

    def run():
        return training(configuration("adam", batch_size=2), data, model, dtype="float32", epochs=3, eval_every=37).run()

    large = run()
    monkeypatch.setattr(run_module, "CALL_SECONDS", 0.0)
    monkeypatch.setattr(run_module, "FIRST_CALL_UPDATES", 1)
    single = run()
    assert single._updates_per_call == 1
    assert large.parameters.tobytes() == single.parameters.tobytes()
    for one, other in zip(large.points, single.points, strict=True):
        np.testing.assert_array_equal(one._replace(seconds=0), other._replace(seconds=0))


def test_the_best_weights_have_the_lowest_validation_loss():
    inputs = TEN.train.inputs
    data = data_of(inputs, TEN.train.targets, validation=(inputs, 0.3 * TEN.train.targets))
    run = training(configuration(batch_size=3), data, LINEAR, initial=np.zeros(4), epochs=40).run()
    losses = column(run, "validation_loss")
    assert 0 < int(np.argmin(losses)) < 40
    assert run.best.point.validation_loss == min(losses)
    assert loss_and_error(LINEAR, run.best.parameters, data.validation)[0] == min(losses)
    assert loss_and_error(LINEAR, run.parameters, data.validation)[0] == losses[-1] > min(losses)
    assert loss_and_error(LINEAR, run.parameters, data.train)[0] == run.points[-1].train_loss


def test_without_a_validation_part_the_best_weights_have_the_lowest_train_loss():
    data = data_of(TEN.train.inputs, TEN.train.targets)
    run = training(configuration(batch_size=3), data, LINEAR, epochs=5).run()
    assert run.best.point.train_loss == min(column(run, "train_loss"))


# --- Rungs


def test_a_run_yields_at_the_first_update_at_or_after_a_rungs_percent():
    run = run_of(batch_size=3, updates=30, rungs=(4, 12, 36))
    halts = [point for point in run.advance() if point not in run.points]
    assert [point.update for point in halts] == [2, 11]  # the one after update 4 ends an epoch, and is an evaluation
    assert column(run, "update") == [0, 4, 8, 12, 16, 20, 24, 28, 30]


def recorded(run):
    """Return the results of a run except its seconds."""
    points = [str(point._replace(seconds=0)) for point in run.points]
    best = (run.best.point.update, run.best.parameters.tolist())
    return points, best, run.parameters.tolist(), run.steps_to_goal, run.outcome


@pytest.mark.parametrize("budget", [{"patience": 3}, {"eval_every": 14}, {"stop_at": 0.2}, {"goal": 0.03}])
def test_rungs_change_no_result_of_a_run(budget):
    inputs = TEN.train.inputs
    data = data_of(inputs, TEN.train.targets, validation=(inputs, 0.3 * TEN.train.targets))

    def run(rungs):
        return training(configuration(batch_size=3), data, LINEAR, initial=np.zeros(4), epochs=40, rungs=rungs, **budget).run()

    assert recorded(run(range(1, 100))) == recorded(run(()))


def test_a_run_ended_at_a_rung_has_its_last_evaluation_there():
    run = run_of(batch_size=3, updates=30, rungs=(36,))
    for point in run.advance():
        if point.update == 11:
            assert run.latest is point
            run.end(Outcome(PRUNED, "no use"))
    assert column(run, "update") == [0, 4, 8, 11]
    assert run.outcome.status == "pruned"
    assert run.best.point.update == 11
