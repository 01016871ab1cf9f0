"""All peers do the same arithmetic: from the same start, one epoch leads them to the same loss."""

import numpy as np
import pytest

from .curvature import JAX, LAMBDA
from .minimum import Minimum, minimiser
from .peers import OURS, PEERS
from .peers import load as load_peer
from .work import OPTIMIZERS, Case, Work, layers, load, orders, start

CASES = [Case(work, batch, rule) for work, batch in (("linear", 1), ("linear", 10), ("digits", 32)) for rule in OPTIMIZERS]


def loss(work: Work, theta: np.ndarray) -> float:
    """The mean loss over all rows, in float64."""
    *hidden, (weights, bias) = layers(theta.astype(np.float64), work.widths)
    h = work.inputs.astype(np.float64)
    for hidden_weights, hidden_bias in hidden:
        h = np.maximum(h @ hidden_weights + hidden_bias, 0.0)
    z = h @ weights + bias
    if not work.classes:
        return float(0.5 * np.mean((z - work.targets) ** 2))
    return float(np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), work.targets]))


def reference(case: Case) -> float:
    """The loss after an epoch of plain NumPy on the linear work, in float64; that of sweepgd elsewhere."""
    if case.work != "linear":
        return trained(case, OURS)
    work = load(case.work)
    theta = start(work).astype(np.float64)
    m, v = np.zeros(3), np.zeros(3)
    rows = np.column_stack((work.inputs, np.ones(len(work.inputs)))).astype(np.float64)
    for t, batch in enumerate(orders(len(rows))[0].reshape(-1, case.batch), start=1):
        x, y = rows[batch], work.targets[batch, 0]
        gradient = x.T @ (x @ theta - y) / case.batch
        if case.optimizer == "adam":
            m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
            step = m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        else:
            m = (0.9 * m if case.optimizer == "momentum" else 0.0) + gradient
            step = m
        theta -= case.rate * step
    return loss(work, theta)


def trained(case: Case, module: str) -> float:
    peer = load_peer(module)(case)
    peer.epochs(1)
    return loss(load(case.work), peer.parameters())


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("entry", PEERS, ids=lambda entry: entry.label)
def test_one_epoch_reaches_the_same_loss(entry, case):
    pytest.importorskip(entry.package)
    if not entry.supports(case):
        pytest.skip(f"{entry.label} cannot do this work")
    expected = reference(case)
    assert expected < loss(load(case.work), start(load(case.work)))
    np.testing.assert_allclose(trained(case, entry.module), expected, rtol=1e-3)


def test_reset_begins_again():
    case = Case("digits", 32, "adam")
    peer = load_peer(OURS)(case)
    peer.epochs(1)
    first = peer.parameters()
    peer.reset()
    peer.epochs(1)
    np.testing.assert_array_equal(peer.parameters(), first)


def largest_eigenvalue(module: str, minimum: Minimum, **settings: float) -> float:
    peer = load_peer(module)(minimum, **settings)
    peer.reset()
    peer.epochs(1)
    return peer.value


@pytest.mark.filterwarnings("ignore:Using backward.. with create_graph")
def test_largest_eigenvalue_is_that_of_pyhessian():
    pytest.importorskip("pyhessian")
    minimum = Minimum("digits", minimiser("digits"))
    theirs = largest_eigenvalue("lambda_pyhessian", minimum, tolerance=1e-6)
    assert largest_eigenvalue(LAMBDA.module, minimum) == pytest.approx(theirs, rel=1e-3)


@pytest.mark.parametrize("entry", JAX, ids=lambda entry: entry.label)
def test_largest_eigenvalue_is_that_of_jax(entry):
    pytest.importorskip("jax")
    minimum = Minimum("digits", minimiser("digits"), rows=512)
    theirs = largest_eigenvalue(entry.module, minimum)
    assert largest_eigenvalue(LAMBDA.module, minimum) == pytest.approx(theirs, rel=1e-3)
