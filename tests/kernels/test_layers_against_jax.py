"""Convolutions, pooling and dense layers equal those of JAX on random shapes, strides and paddings."""

import numpy as np
import pytest
from kernels.cases import assert_close
from kernels.layered_cases import Calls, Network

from sweepgd.core.layout import tensors_in
from sweepgd.kernels.layers import layer_table as at

jax = pytest.importorskip("jax")


def random_network(rng: np.random.Generator) -> Network:
    """Convolution, pooling, convolution and a dense layer of random sizes."""
    network = Network((*rng.integers(5, 10, 2), rng.integers(1, 4)), chunk=int(rng.integers(1, 6)))
    value = network.conv(network.start, *rng.integers(1, 5, 3), stride=rng.integers(1, 3), padding=rng.integers(0, 3))
    kind = rng.choice([at.MAX_POOL, at.AVERAGE_POOL])
    value = network.pool(value, 2, 2, stride=rng.integers(1, 3), kind=kind)
    value = network.conv(value, rng.integers(1, 5), 2, rng.integers(1, 4), stride=1, padding=2, activation=at.TANH)
    network.dense(value, 3)
    return network


def loss(tensors, network, inputs, labels):
    h, lax = inputs.reshape(-1, *network.images), jax.lax
    for row in network.rows:
        strides, (top, left) = (int(row[at.STRIDE]),) * 2, row[[at.PAD_TOP, at.PAD_LEFT]].astype(int)
        own = tensors[int(row[at.TENSOR]) :][:2]
        if row[at.KIND] == at.CONVOLUTION:
            padding, order = ((top, top), (left, left)), ("NHWC", "HWIO", "NHWC")
            h = lax.conv_general_dilated(h, own[0], strides, padding, dimension_numbers=order) + own[1]
            h = jax.nn.relu(h) if row[at.ACTIVATION] == at.RELU else jax.numpy.tanh(h)
        elif row[at.KIND] == at.DENSE:
            h = h.reshape(len(inputs), -1) @ own[0] + own[1]
        elif row[at.KIND] == at.MAX_POOL:
            h = lax.reduce_window(h, -np.inf, lax.max, (1, 2, 2, 1), (1, *strides, 1), "VALID")
        else:
            h = lax.reduce_window(h, 0.0, lax.add, (1, 2, 2, 1), (1, *strides, 1), "VALID") / 4
    return jax.numpy.mean(jax.nn.logsumexp(h, axis=1) - h[np.arange(len(h)), labels])


@pytest.mark.parametrize("seed", range(4))
def test_loss_and_gradient_equal_those_of_jax(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    inputs, labels = rng.normal(size=(7, int(np.prod(network.images)))), rng.integers(3, size=7)
    weights = rng.normal(size=network.parameters)
    found, gradient = Calls(network, inputs, labels[:, None]).gradient(weights)
    with jax.enable_x64():
        tensors = list(map(jax.numpy.asarray, tensors_in(weights, network.layout)))
        expected, slopes = jax.value_and_grad(loss)(tensors, network, inputs, labels)
    assert found == pytest.approx(float(expected), rel=1e-10)
    assert_close(gradient, np.concatenate([np.ravel(slope) for slope in slopes]), 1e-9)
