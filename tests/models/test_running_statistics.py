"""A network with batch normalization and dropout: its running statistics are recorded, and used wherever its weights are."""

import numpy as np
import pytest

import sweepgd
from sweepgd.curvature.objective import Objective
from sweepgd.minimisers.landscape.directions import path_plane, random_plane
from sweepgd.minimisers.landscape.line import Segment
from sweepgd.sweep import configuration_of, parse, space_of
from sweepgd.training.sweep_context import SweepContext

SWEEP = """
name = "normed"
data = { name = "digits", subset = 300, split = "tail" }
model = { name = "cnn", layers = ["conv 4 3x3", "batch norm", "relu", "pool 2x2", "dropout 0.3"] }
budget = { epochs = 2 }
space = { batch_size = [16, 32], learning_rate = 0.1 }
search = { sampler = "grid", trials = 2 }
"""


@pytest.fixture(scope="module")
def context() -> SweepContext:
    return SweepContext(parse(SWEEP))


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> sweepgd.Results:
    return sweepgd.search(parse(SWEEP), out=tmp_path_factory.mktemp("normed") / "out", workers=2)


def row(results, trial: int) -> dict:
    return next(row for row in results.trials.to_pylist() if row["trial"] == trial)


def test_runs_are_equal_in_any_process(results, context):
    for trial in (0, 1):
        configuration = configuration_of(space_of(context.sweep).at(trial))
        run, minimum = context.training(configuration, 0).run(), results.minimum(trial, 0, "final")
        assert len(minimum.parameters) == context.architecture.recorded == context.architecture.parameters + 8
        assert minimum.parameters.tobytes() == run.parameters.tobytes()
    other = context.training(configuration, 1).run()
    assert not np.array_equal(other.parameters, run.parameters)


def test_recorded_weights_give_the_recorded_losses(results, context):
    minimum = results.minimum(1, 0, "final").parameters
    objective = Objective(context.architecture, context.data(0).train)
    assert objective.loss(minimum.astype(np.float64)) == pytest.approx(row(results, 1)["train_loss"], rel=1e-5)
    means, variances = minimum[-8:-4], minimum[-4:]
    assert np.all(means != 0.0)
    assert np.all((variances > 0.0) & (variances != 1.0))
    minimum[-4:] = 1.0  # other running variances give another loss
    assert objective.loss(minimum.astype(np.float64)) != pytest.approx(row(results, 1)["train_loss"], rel=1e-4)


def test_a_model_file_predicts_as_the_run_did(results, tmp_path):
    model = results.model(trial=1)
    model.save(tmp_path / "model.npz")
    loaded = sweepgd.Model.load(tmp_path / "model.npz")
    assert repr(loaded).startswith("<sweepgd.Model cnn 418 parameters, classification of 10 classes, from normed trial 1.0")
    for part in ("validation", "test"):
        scores = loaded.evaluate_part(part)
        assert scores.loss == pytest.approx(row(results, 1)[f"{part}_loss"], rel=1e-5)
        assert scores.error == row(results, 1)[f"{part}_error"]


def test_a_run_can_begin_at_recorded_weights(results, context):
    minimum = results.minimum(1, 0, "final").parameters
    run = sweepgd.Training(
        configuration_of(space_of(context.sweep).at(1)), context.data(0), context.architecture, context.sweep.budget,
        seed=0, initial=minimum,
    )  # fmt: skip
    assert next(run.advance()).train_loss == pytest.approx(row(results, 1)["train_loss"], rel=1e-5)


def test_curvature_is_measured_in_evaluation_mode(results, context):
    # In float64, so that the kernels are those of the kernel tests.
    found = sweepgd.measure(results.directory, measures=["lambda_max"], rows=32, trials=[1], workers=1, dtype="float64")
    (value,) = found.to_pylist()
    assert value["value"] > 0.0
    assert '"exact": true' in value["settings"]
    assert '"mode": "evaluation"' in value["settings"]


def test_a_plane_keeps_the_statistics_and_a_line_does_not_extrapolate_them(results, context):
    ends = [results.minimum(trial, 0, "final").parameters.astype(np.float64) for trial in (0, 1)]
    size = context.architecture.parameters
    drawn = random_plane(ends[0], context.architecture.layout, np.random.default_rng(0))
    for plane in (drawn, path_plane(np.array([np.zeros_like(ends[0]), *ends]), size)):
        assert not plane.directions[:, size:].any()
        np.testing.assert_array_equal(plane.at(np.array([2.0, -1.0]))[size:], plane.origin[size:])
    line = Segment(*ends, size)
    np.testing.assert_allclose(line.at(np.array([0.25])), 0.75 * ends[0] + 0.25 * ends[1])
    beyond = line.at(np.array([2.0]))
    np.testing.assert_allclose(beyond[:size], 2.0 * ends[1][:size] - ends[0][:size])
    np.testing.assert_array_equal(beyond[size:], ends[1][size:])
