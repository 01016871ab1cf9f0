"""Maxima at trained networks against brute force: ascents from 200 random points, and both ways along 16 eigenvectors."""

import json
from functools import partial

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, eigsh

import sweepgd
from sweepgd.curvature.ascent import climb
from sweepgd.curvature.ball import BALL
from sweepgd.curvature.box import BOX
from sweepgd.curvature.gauge import Gauge
from sweepgd.curvature.place import Place
from sweepgd.data import DataSpec, prepare
from sweepgd.models import Shape, build
from sweepgd.sweep.spec import MeasureSpec

RANDOM, LEADING = 200, 16


def trained(data: str, activation: str, hidden: tuple[int, ...], optimizer: str, epochs: int, seed: int):
    """A gauge over all training rows of a network, and its weights after some epochs, in float64: the same everywhere."""
    rate, batch = {"sgd": (0.5, 16), "adam": (0.01, 16), "momentum": (0.02, 64)}[optimizer]
    settings = {"hidden": hidden, "activation": activation}
    overrides = [f"model.{name}={json.dumps(value)}" for name, value in settings.items()]
    run = sweepgd.train(data, "mlp", optimizer, rate, batch, epochs, seed=seed, overrides=[*overrides, 'model.dtype="float64"'])
    prepared = prepare(DataSpec(name=data), dtype="float64")
    inputs = prepared.train.inputs.shape[1]
    shape = Shape(prepared.task, inputs, prepared.train.targets.shape[1], len(prepared.classes))
    return build("mlp", settings, shape), prepared, run.parameters


def found(architecture, data, theta, name, starts):
    """The measure's records, `starts` ascents each."""
    settings = {name: {"starts": starts} | ({"epsilon": [1e-3]} if name == "phi" else {})}
    gauge = Gauge(architecture, data, MeasureSpec(measures=[name], rows="full", settings=settings))
    return {one.measure: one for one in gauge.measure(theta, np.zeros_like(theta))}


def brute(architecture, data, theta, record):
    """The highest rise that brute force meets, as `record` counts it, by other starts than the measure's."""
    gauge = Gauge(architecture, data, MeasureSpec(rows="full"))
    place = Place(gauge.objective, theta, np.zeros_like(theta), 0)
    here, _ = place.gradient(theta)
    if record == "phi_subspace_0.001":
        onto = place.random("phi_subspace").standard_normal((len(theta), min(100, len(theta))))
        reach, region, unit = 1e-3 * (np.abs(np.linalg.pinv(onto) @ theta) + 1.0), BOX, 100.0 / (1.0 + here)
    else:
        onto, region, unit = np.eye(len(theta)), BALL, 1.0
        reach = np.full_like(theta, 0.05) if record == "sam_max" else 0.5 * np.abs(theta)
        if record == "phi_0.001":
            reach, region, unit = 1e-3 * (np.abs(theta) + 1.0), BOX, 100.0 / (1.0 + here)
    product, size = place.hessian(), len(reach)

    def rise(u):
        loss, gradient = place.gradient(theta + onto @ (reach * u))
        return loss - here, reach * (gradient @ onto)

    scaled = LinearOperator((size, size), matvec=lambda u: reach * (product(onto @ (reach * u)) @ onto), dtype=float)
    _, vectors = eigsh(scaled, min(LEADING, size - 2), which="LA", tol=1e-3, v0=np.ones(size))
    rng = np.random.default_rng(77)
    starts = [*vectors.T, *-vectors.T, *rng.standard_normal((RANDOM, size))]
    ascend = partial(climb, rise, region, iterations=40, left=1e-4)
    return unit * max(ascend(region.outermost(start)).rise for start in starts)


# From one start, along the gradient, as the measures once were: so much of what brute force meets.
@pytest.mark.parametrize(
    ("network", "record", "once"),
    [
        (("moons", "relu", (16,), "adam", 60, 1), "asam_max", 0.6),
        (("moons", "tanh", (8, 4), "adam", 200, 1), "asam_max", 0.6),
        (("wine", "relu", (16, 16), "adam", 100, 1), "asam_max", 0.6),
        (("wine", "relu", (8, 4), "sgd", 100, 0), "sam_max", 0.9),
        (("breast_cancer", "relu", (8, 4), "sgd", 60, 0), "phi_0.001", 0.995),
        (("breast_cancer", "relu", (8, 4), "sgd", 60, 0), "phi_subspace_0.001", 0.6),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else None,
)
def test_a_maximum_is_what_brute_force_meets(network, record, once):
    place = trained(*network)
    highest = brute(*place, record)
    name = record.split("_")[0]
    value = found(*place, name, 24)[record]
    assert value.value >= 0.99 * highest
    assert found(*place, name, 1)[record].value <= once * highest
    assert len(value.starts) == 24
    assert value.starts.max() == value.value
    assert 0.0 < value.error < value.value


@pytest.mark.slow
def test_of_many_networks_few_maxima_are_missed():
    networks = [
        (data, activation, hidden, optimizer, epochs, seed)
        for data, epochs in (("moons", 60), ("wine", 100), ("breast_cancer", 60))
        for activation in ("relu", "tanh")
        for hidden in ((16,), (8, 4))
        for optimizer in ("sgd", "adam", "momentum")
        for seed in (2,)
    ]
    shares, covered = [], []
    for place in (trained(*network) for network in networks):
        values = found(*place, "sam", 24) | found(*place, "asam", 24) | found(*place, "phi", 24)
        for record in ("sam_max", "asam_max", "phi_0.001", "phi_subspace_0.001"):
            highest = brute(*place, record)
            shares.append(values[record].value / highest)
            covered.append(highest <= 1.01 * values[record].value + 2 * values[record].error)
    assert np.mean(np.array(shares) >= 0.99) >= 0.95
    assert np.mean(covered) >= 0.96
