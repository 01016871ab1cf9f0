"""Outputs, losses and gradients of networks of layers equal plain NumPy and its central differences."""

import naive_layers
import numpy as np
import pytest
from kernels.cases import assert_close
from kernels.layered_cases import Calls, Network

from sweepgd.core.layout import OFFSET, SIZE, tensors_in
from sweepgd.kernels.compiling import config
from sweepgd.kernels.layers import batch_norm
from sweepgd.kernels.layers import layer_table as at
from sweepgd.kernels.losses import BINARY, SOFTMAX, SQUARED

ROWS = 18  # more than an evaluation processes at a time, and not a multiple of the images of a gradient


def convolution(images, filters, height, width, stride=1, padding=0):
    network = Network(images)
    network.dense(network.conv(network.start, filters, height, width, stride, padding), 3)
    return network


def pool(kind, height, width, stride, padding):
    network = Network((5, 4, 2))
    value = network.conv(network.start, 3, 2, 2, 1, 1, at.TANH)  # the derivative of the pooled values is needed
    network.dense(network.activate(network.pool(value, height, width, stride, padding, kind), at.TANH), 3)
    return network


def norm(kind, activation, images=(3, 4, 2)):
    network = Network(images, chunk=0 if kind == at.BATCH_NORM else 4)
    value = network.conv(network.start, 3, 2, 2, activation=at.IDENTITY)
    value = network.norm(value, kind, activation)
    network.dense(network.conv(value, 2, 2, 2, 1, 1, at.SIGMOID), 3)
    return network


def residual():
    network = Network((4, 4, 2))
    first = network.conv(network.start, 3, 1, 1)
    second = network.conv(first, 3, 3, 3, 1, 1, at.TANH)
    value = network.sum(first, second)
    value = network.sum(value, network.conv(value, 3, 1, 1), at.SIGMOID)
    value = network.sum(value, value, at.IDENTITY)
    network.dense(network.pool(value, 4, 4, 1, 0, at.AVERAGE_POOL), 3)
    return network


def dense(loss, outputs):
    network = Network((1, 1, 5), loss=loss)
    network.dense(network.dense(network.start, 4, at.RELU), outputs)
    return network


NETWORKS = {
    "conv": convolution((5, 4, 1), 3, 3, 2),
    "conv-strided-padded": convolution((7, 6, 2), 3, 3, 2, 2, 1),
    "conv-stride-leaves-pixels": convolution((6, 5, 2), 3, 2, 2, 3),
    "conv-long-rows": convolution((4, 5, 9), 3, 3, 3, 1, 1),
    "conv-long-rows-strided": convolution((5, 4, 13), 2, 3, 2, 2, 2),
    "conv-pixel-by-pixel": convolution((3, 2, 4), 5, 1, 1),
    "conv-many-patches": convolution((5, 5, 300), 2, 4, 4),
    "max-pool": pool(at.MAX_POOL, 2, 2, 2, 0),
    "max-pool-overlapping": pool(at.MAX_POOL, 3, 2, 1, 1),
    "average-pool": pool(at.AVERAGE_POOL, 2, 3, 2, 1),
    "average-pool-2x2": pool(at.AVERAGE_POOL, 2, 2, 2, 0),
    "batch-norm": norm(at.BATCH_NORM, at.TANH),
    "layer-norm": norm(at.LAYER_NORM, at.RELU),
    "residual": residual(),
    "squared": dense(SQUARED, 2),
    "binary": dense(BINARY, 1),
    "softmax": dense(SOFTMAX, 4),
}


class Case:
    """A network with random rows, weights and running statistics."""

    def __init__(self, name: str, dtype: str = "float64") -> None:
        self.network, rng = NETWORKS[name], np.random.default_rng(4)
        self.inputs = rng.normal(size=(ROWS, int(np.prod(self.network.images))))
        loss, outputs = self.network.settings[at.LOSS], int(self.network.rows[-1][at.OUT_CHANNELS])
        labels = rng.integers(max(2, outputs), size=(ROWS, 1)).astype(float)
        self.targets = rng.normal(size=(ROWS, outputs)) if loss == SQUARED else labels
        self.weights = rng.normal(size=self.network.parameters) / 2
        self.buffers = rng.uniform(0.5, 2.0, len(self.network.buffers))
        self.calls = Calls(self.network, self.inputs, self.targets, dtype, self.buffers)

    def loss(self, weights, rows, training):
        """The loss by the oracle."""
        tensors = tensors_in(weights, self.network.layout)
        return naive_layers.loss(self.network, tensors, self.inputs[rows], self.targets[rows], self.buffers, training)

    def outputs(self):
        tensors = tensors_in(self.weights, self.network.layout)
        return naive_layers.outputs(self.network, tensors, self.inputs, self.buffers, training=False)

    def directions(self):
        """Two random directions in each tensor."""
        rng = np.random.default_rng(5)
        for row in np.repeat(self.network.layout, 2, axis=0):
            direction = np.zeros(len(self.weights))
            direction[row[OFFSET] : row[OFFSET] + row[SIZE]] = rng.normal(size=row[SIZE])
            yield direction

    def slopes(self, rows, training):
        """The derivatives of the oracle's loss along the directions, by central differences."""
        h = 1e-5
        ends = [[self.loss(self.weights + side * h * v, rows, training) for side in (1, -1)] for v in self.directions()]
        return np.subtract(*np.transpose(ends)) / (2 * h)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
def test_loss_and_gradient_equal_the_oracle(name, training):
    case, rows = Case(name), np.array([3, 11, 3, 0, 17, 8, 9])
    loss, gradient = case.calls.gradient(case.weights, rows, training=training)
    assert loss == pytest.approx(case.loss(case.weights, rows, training), rel=1e-10)
    assert_close([gradient @ direction for direction in case.directions()], case.slopes(rows, training), 1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_evaluation_and_outputs_equal_the_oracle(name):
    case, rows = Case(name), np.arange(ROWS)
    outputs = case.outputs()
    assert_close(case.calls.predict(case.weights), outputs, 1e-10)
    loss, error, gradient = case.calls.evaluate_with_gradient(case.weights)
    assert loss == pytest.approx(case.loss(case.weights, rows, False), rel=1e-10)
    assert_close(gradient, case.calls.gradient(case.weights, training=False)[1], 1e-10)
    np.testing.assert_allclose(case.calls.evaluate(case.weights), (loss, error), rtol=1e-12)
    if name == "squared":
        assert np.isnan(error)
    else:
        predicted = outputs[:, 0] > 0 if name == "binary" else outputs.argmax(axis=1)
        assert error == np.mean(predicted != case.targets[:, 0])


def test_batch_normalization_moves_its_running_statistics():
    case, rows = Case("batch-norm"), np.arange(7)
    row = case.network.rows[0]
    tensors = tensors_in(case.weights, case.network.layout)
    images = case.inputs[rows].reshape(7, *case.network.images)
    z = naive_layers.layer_output(row, images, None, tensors[:2], case.buffers, True).reshape(-1, 3)
    case.calls.gradient(case.weights, rows)
    expected = 0.9 * case.buffers + 0.1 * np.concatenate([z.mean(axis=0), z.var(axis=0, ddof=1)])
    np.testing.assert_allclose(case.calls.buffers, expected, rtol=1e-12)
    case.calls.gradient(case.weights, rows, training=False)
    case.calls.evaluate(case.weights)
    np.testing.assert_allclose(case.calls.buffers, expected, rtol=1e-12)


@pytest.mark.skipif(config.DISABLE_JIT, reason="plain Python takes a minute for a million rows")
def test_statistics_of_a_large_batch_are_accurate_in_float32():
    rows, rng = 3_000_000, np.random.default_rng(8)
    values = rng.normal(size=(rows, 1)).astype(np.float32)
    part, mean, variance = np.empty((3, 1, 1), np.float32)
    batch_norm.batch_statistics(values, part, mean, variance)
    assert abs(mean[0, 0] - values.mean(dtype=np.float64)) < 1e-6
    assert variance[0, 0] == pytest.approx(values.var(dtype=np.float64), rel=1e-5)


@pytest.mark.parametrize("name", ["conv", "max-pool", "average-pool", "batch-norm", "layer-norm", "residual"])
def test_what_is_not_finite_makes_the_loss_so(name):
    for place in ("weights", "inputs"):
        case = Case(name)
        case.weights[0] = np.nan if place == "weights" else case.weights[0]
        case.calls.inputs[2] = np.nan if place == "inputs" else case.calls.inputs[2]
        with np.errstate(all="ignore"):
            assert np.isnan(case.calls.gradient(case.weights)[0])
            assert np.isnan(case.calls.evaluate(case.weights)[0])


def test_inputs_are_normalized_by_the_first_buffers():
    rng = np.random.default_rng(6)
    plain, normalized = (Network((3, 3, 2), normalized=flag, chunk=0) for flag in (False, True))
    for network in (plain, normalized):
        network.dense(network.norm(network.conv(network.start, 2, 2, 2), at.BATCH_NORM), 3)
    images, targets = rng.integers(0, 256, (5, 18)), rng.integers(3, size=(5, 1))
    mean, inverse = rng.uniform(0, 200, 18), rng.uniform(0.01, 0.1, 18)
    weights = rng.normal(size=plain.parameters)
    own = Calls(normalized, images, targets, buffers=np.concatenate([mean, inverse, plain.buffers]))
    given = Calls(plain, (images - mean) * inverse, targets)
    for training in (True, False):
        loss, gradient = own.gradient(weights, training=training)
        expected_loss, expected_gradient = given.gradient(weights, training=training)
        assert loss == pytest.approx(expected_loss, rel=1e-12)
        np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(own.buffers[36:], given.buffers, rtol=1e-12)
    np.testing.assert_array_equal(own.buffers[:36], np.concatenate([mean, inverse]))
