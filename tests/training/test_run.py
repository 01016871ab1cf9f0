"""A run: the rows of each update, its learning rates and penalties, and equal results for equal seeds."""

import naive
import numpy as np
import pytest
from run_builders import configuration, model_for, training
from training.linear_runs import GROWTH, START, column, naive_descent, naive_loss_and_gradient, run_of

from sweepgd.core.errors import UsageError
from sweepgd.data import DataSpec, prepare
from sweepgd.training import run as run_module


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
    with pytest.raises(UsageError, match=rf'batch_size {batch_size}: must be from 1 to 10, .*"full"$'):
        run_of(batch_size=batch_size, epochs=1)


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

    many_updates_a_call = run()
    monkeypatch.setattr(run_module, "CALL_SECONDS", 0.0)
    monkeypatch.setattr(run_module, "FIRST_CALL_UPDATES", 1)
    one_update_a_call = run()
    assert one_update_a_call._updates_per_call == 1
    assert many_updates_a_call.parameters.tobytes() == one_update_a_call.parameters.tobytes()
    for one, other in zip(many_updates_a_call.points, one_update_a_call.points, strict=True):
        np.testing.assert_array_equal(one._replace(seconds=0), other._replace(seconds=0))
