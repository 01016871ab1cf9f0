"""Hessian and Gauss-Newton products of networks of layers equal differences of gradients and of outputs, in evaluation mode."""

import numpy as np
import pytest
from kernels.cases import assert_close
from kernels.layered_cases import Calls, Network
from kernels.test_layered_network import NETWORKS, Case
from scipy.sparse.linalg import LinearOperator, eigsh
from scipy.special import expit, softmax

from sweepgd.kernels import signatures
from sweepgd.kernels.layers import layer_table as at
from sweepgd.kernels.layers import layered_hessian, layered_moments

STEP = 1e-6


class Products:
    """The kernel of a case's network, with memory full of NaN."""

    def __init__(self, case) -> None:
        calls, self.case = case.calls, case
        settings, rows = calls.network.settings, np.arange(len(calls.inputs))
        self._kept = np.full(layered_hessian.kept(settings, len(rows)), np.nan)
        self._work = np.full(layered_hessian.workspace(settings, len(rows)), np.nan)
        self._with = (calls.buffers, calls.inputs, calls.targets, rows, calls.network.layout, settings)

    def __call__(self, direction, *, gauss_newton=False, fresh=True):
        out = np.full(len(direction), np.nan)
        kernel = signatures.compiled("product", layered_hessian.product, "float64")
        kernel(self.case.weights, direction, *self._with, gauss_newton, fresh, self._kept, self._work, out)
        return out

    def second_moments(self, *, fisher=False):
        network, count = self.case.calls.network, len(self.case.weights)
        work, out = np.full(layered_moments.workspace(network.settings, count), np.nan), np.full(count, np.nan)
        kernel = signatures.compiled("second_moments", layered_moments.second_moments, "float64")
        kernel(self.case.weights, *self._with, fisher, work, out)
        return out

    def matrix(self, *, gauss_newton=False):
        """All of it, column by column; all but the first use what the first one kept."""
        units = np.eye(len(self.case.weights))
        return np.array([self(unit, gauss_newton=gauss_newton, fresh=not i) for i, unit in enumerate(units)]).T


def slope(case, function, direction):
    """The derivative along the direction, by central differences."""
    above, below = (function(case.weights + side * STEP * direction) for side in (1, -1))
    return (above - below) / (2 * STEP)


def gradient(case):
    return lambda weights: case.calls.gradient(weights, training=False)[1]


def bend(case, loss, tangents):
    """The quadratic form JᵀCJ of outputs' tangents."""
    z = case.outputs()
    if loss == "squared":
        return np.mean(np.sum(tangents**2, axis=1))
    if loss == "binary":
        p = expit(z)
        return np.mean(p * (1 - p) * tangents**2)
    p = softmax(z, axis=1)
    return np.mean(np.sum(p * tangents**2, axis=1) - np.sum(p * tangents, axis=1) ** 2)


@pytest.mark.parametrize("name", NETWORKS)
def test_products_equal_differences_and_are_symmetric(name):
    case = Case(name)
    v, w = np.random.default_rng(7).normal(size=(2, len(case.weights)))
    product = Products(case)
    by_v, by_w = product(v), product(w, fresh=False)
    assert_close(by_v, slope(case, gradient(case), v), 1e-6)
    assert_close(by_w, slope(case, gradient(case), w), 1e-6)
    assert v @ by_w == pytest.approx(w @ by_v, rel=1e-9)


@pytest.mark.parametrize("name", NETWORKS)
def test_gauss_newton_equals_the_tangents_of_the_outputs(name):
    case = Case(name)
    v, w = np.random.default_rng(8).normal(size=(2, len(case.weights)))
    product = Products(case)
    by_v, by_w = product(v, gauss_newton=True), product(w, gauss_newton=True, fresh=False)
    assert v @ by_v == pytest.approx(bend(case, name, slope(case, case.calls.predict, v)), rel=1e-6)
    assert w @ by_v == pytest.approx(v @ by_w, rel=1e-9)


@pytest.mark.parametrize("name", ["max-pool", "batch-norm", "layer-norm", "residual", "squared", "binary"])
def test_second_moments_are_those_of_the_gradients_of_rows(name):
    case = Case(name)
    product, rows = Products(case), [[row] for row in range(len(case.inputs))]
    expected = np.mean([case.calls.gradient(case.weights, row, training=False)[1] ** 2 for row in rows], axis=0)
    assert_close(product.second_moments(), expected, 1e-12)
    some = np.random.default_rng(11).choice(len(case.weights), 5, replace=False)
    diagonal = [product(np.eye(len(case.weights))[i], gauss_newton=True)[i] for i in some]
    assert_close(product.second_moments(fisher=True)[some], diagonal, 1e-12)


def everything():
    """A small network with each kind of layer: dropout is the identity in evaluation mode."""
    network = Network((6, 5, 1), chunk=0)
    value = network.norm(network.conv(network.start, 2, 3, 3, 1, 1, at.IDENTITY), at.BATCH_NORM, at.RELU)
    value = network.pool(network.sum(value, network.conv(value, 2, 1, 1, activation=at.TANH)), 2, 2, 2)
    value = network.norm(network.dropout(value, 0.5), at.LAYER_NORM, at.SIGMOID)
    network.dense(network.pool(value, 3, 2, 1, 0, at.AVERAGE_POOL), 3)
    return network


class Trained:
    """A network after 20 steps of gradient descent in evaluation mode."""

    def __init__(self, network) -> None:
        rng = np.random.default_rng(9)
        inputs, targets = rng.normal(size=(20, int(np.prod(network.images)))), rng.integers(3, size=(20, 1))
        self.calls = Calls(network, inputs, targets, buffers=rng.uniform(0.5, 2.0, len(network.buffers)))
        self.weights = rng.normal(size=network.parameters) / 2
        for _ in range(20):
            self.weights -= 0.3 * gradient(self)(self.weights)


def test_hessian_of_a_trained_network_equals_the_dense_matrix():
    case = Trained(everything())
    product, count = Products(case), len(case.weights)
    dense = np.array([slope(case, gradient(case), unit) for unit in np.eye(count)])
    assert_close(product.matrix(), dense, 1e-6)
    product(np.ones(count))
    operator = LinearOperator((count, count), matvec=lambda v: product(v.ravel(), fresh=False), dtype=np.float64)
    largest = eigsh(operator, 1, which="LA", v0=np.ones(count), return_eigenvectors=False)[0]
    assert largest == pytest.approx(np.linalg.eigvalsh((dense + dense.T) / 2)[-1], rel=1e-6)


def test_nan_weights_make_products_nan():
    case = Case("max-pool")
    case.weights[0] = np.nan
    with np.errstate(all="ignore"):
        assert np.isnan(Products(case)(np.ones(len(case.weights)))).any()
        assert np.isnan(Products(case)(np.ones(len(case.weights)), gauss_newton=True)).any()


def test_inputs_are_normalized_by_the_first_buffers():
    plain, own = Case("conv"), Case("conv")
    rng, size = np.random.default_rng(10), plain.inputs.shape[1]
    mean, inverse, network = rng.normal(size=size), rng.uniform(0.5, 2.0, size), Network((5, 4, 1), normalized=True)
    network.dense(network.conv(network.start, 3, 3, 2), 3)
    own.calls = Calls(network, plain.inputs / inverse + mean, plain.targets, buffers=np.concatenate([mean, inverse]))
    direction = rng.normal(size=len(plain.weights))
    assert_close(Products(own)(direction), Products(plain)(direction), 1e-10)
