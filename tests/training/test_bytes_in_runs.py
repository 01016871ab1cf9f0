"""A run on bytes makes the same updates and evaluations as a run on the same inputs as real numbers."""

import numpy as np
import pytest
from run_builders import configuration, training

from sweepgd.core.layout import WEIGHT, Tensor, layout_of
from sweepgd.curvature.objective import Objective
from sweepgd.data import Data, DataSpec, prepare
from sweepgd.models import Architecture
from sweepgd.training.data_shape import shape_of


def gradient(theta, buffers, inputs, targets, rows, layout, settings, key, training, work, out):
    """Return the mean of half the squared error of a linear model without bias, and write its gradient."""
    loss, size = 0.0, theta.size
    out[:] = 0
    for row in rows:
        found = theta.dtype.type(0)
        for i in range(size):
            number = theta.dtype.type(inputs[row, i])
            work[i] = (number - buffers[i]) * buffers[size + i] if settings[0] == 1 else number
            found += theta[i] * work[i]
        miss = found - targets[row, 0]
        loss += 0.5 * miss * miss
        for i in range(size):
            out[i] += miss * work[i]
    for i in range(size):
        out[i] /= rows.size
    return loss / rows.size


def evaluate(theta, buffers, inputs, targets, layout, settings, work):
    """Return the mean loss, and the share of targets above the output."""
    loss, above, size = 0.0, 0, theta.size
    for row in range(inputs.shape[0]):
        found = theta.dtype.type(0)
        for i in range(size):
            number = theta.dtype.type(inputs[row, i])
            found += theta[i] * ((number - buffers[i]) * buffers[size + i] if settings[0] == 1 else number)
        loss += 0.5 * (found - targets[row, 0]) ** 2
        above += targets[row, 0] > found
    return loss / inputs.shape[0], above / inputs.shape[0]


def linear(data: Data) -> Architecture:
    """The architecture of the linear model for bytes or numbers."""
    shape = shape_of(data)
    buffers = 2 * shape.inputs if shape.bytes else 0
    settings, layout = np.array([float(shape.bytes)]), layout_of([Tensor((shape.inputs,), WEIGHT, shape.inputs, 1)])
    return Architecture(
        layout, gradient, evaluate, lambda rng: rng.normal(size=shape.inputs), settings, lambda batch: shape.inputs,
        chunk=16, buffers=buffers, normalizing=buffers,
    )  # fmt: skip


@pytest.fixture(scope="module")
def versions(tmp_path_factory) -> list[Data]:
    """The same images as bytes, and as real numbers."""
    path, generator = tmp_path_factory.mktemp("images") / "images.npz", np.random.default_rng(3)
    np.savez(path, x=generator.integers(0, 256, (90, 3, 2)).astype("u1"), y=generator.normal(size=90))
    spec = DataSpec(path=str(path), target="y", inputs="x", task="regression", standardize="channels")
    return [prepare(spec, dtype="float64", reads_bytes=reads) for reads in (True, False)]


def test_updates_and_evaluations_are_equal(versions):
    runs = [training(configuration(learning_rate=0.1, batch_size=8), data, linear(data), epochs=2).run() for data in versions]
    assert [run.data.bytes for run in runs] == [True, False]
    np.testing.assert_allclose(runs[0].parameters, runs[1].parameters, rtol=1e-12)
    for one, other in zip(runs[0].points, runs[1].points, strict=True):
        np.testing.assert_allclose([one.train_loss, one.test_loss], [other.train_loss, other.test_loss], rtol=1e-12)


def test_curvature_is_equal(versions):
    kept, numbers = (Objective(linear(data), data.train) for data in versions)
    at, direction = np.linspace(-1, 1, 6), np.arange(6.0)
    np.testing.assert_allclose(kept.hessian(at)(direction), numbers.hessian(at)(direction), rtol=1e-6)
    np.testing.assert_allclose(kept.loss(at), numbers.loss(at), rtol=1e-12)
