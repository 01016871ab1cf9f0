"""The evaluations of a run: when they are made, of which rows, and what they contain."""

import numpy as np
import pytest
from kernel_calls import loss_and_error, loss_and_gradient
from run_builders import configuration, model_for, no_data, training
from training.linear_runs import LINEAR, TEN, column, naive_descent, naive_loss_and_gradient, run_of

from sweepgd.data import DataSpec, prepare
from sweepgd.kernels.trainer import EvaluationResult
from sweepgd.training import Evaluation
from sweepgd.training.start_evaluation import StartEvaluation


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


def test_evaluations_without_the_gradient_norm_are_otherwise_the_same():
    with_norm, without = (run_of(epochs=1, gradient_norm=wanted).run().points[-1] for wanted in (True, False))
    assert np.isnan(without.gradient_norm)
    same = without._replace(gradient_norm=with_norm.gradient_norm, seconds=with_norm.seconds)
    np.testing.assert_array_equal(same, with_norm)


def test_equal_initial_parameters_are_evaluated_once():
    known, asked = StartEvaluation(), []

    def evaluate(parameters):
        asked.append(parameters.tolist())
        return EvaluationResult(*parameters, *[0.0] * 5)

    start = np.array([1.0, 2.0])
    first = known.of(start, evaluate)
    assert known.of(start.copy(), evaluate) is first
    start[0] = 3.0
    assert known.of(start, evaluate).train_loss == 3.0
    assert known.of(np.array([1.0, 2.0]), evaluate) == first
    assert asked == [[1.0, 2.0], [3.0, 2.0], [1.0, 2.0]]


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
