"""Maxima at trained networks equal brute force: ascents from 200 random points, and both signs of 16 eigenvectors."""

import json

import numpy as np
import pytest
from scipy.sparse.linalg import LinearOperator, eigsh

import sweepgd
from sweepgd.curvature.ascent import ascend
from sweepgd.curvature.keskar_phi import BOX
from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.curvature.measurer import Measurer
from sweepgd.curvature.point import Point
from sweepgd.curvature.sam_sharpness import BALL
from sweepgd.data import DataSpec, prepare
from sweepgd.models import Shape, build

RANDOM, LEADING = 200, 16


def trained(data: str, activation: str, hidden: tuple[int, ...], optimizer: str, epochs: int, seed: int):
    """The architecture of a network, its data, and its trained weights, in float64 so that they are equal on all machines."""
    rate, batch = {"sgd": (0.5, 16), "adam": (0.01, 16), "momentum": (0.02, 64)}[optimizer]
    settings = {"hidden": hidden, "activation": activation}
    overrides = [f"model.{name}={json.dumps(value)}" for name, value in settings.items()]
    run = sweepgd.train(data, "mlp", optimizer, rate, batch, epochs, seed=seed, overrides=[*overrides, 'model.dtype="float64"'])
    prepared = prepare(DataSpec(name=data), dtype="float64")
    inputs = prepared.train.inputs.shape[1]
    shape = Shape(prepared.task, inputs, prepared.train.targets.shape[1], len(prepared.classes))
    return build("mlp", settings, shape), prepared, run.parameters


def found(architecture, data, theta, name, starts):
    """The records of a measure with `starts` ascents each."""
    settings = {name: {"starts": starts} | ({"epsilon": [1e-3]} if name == "phi" else {})}
    measurer = Measurer(architecture, data, MeasureSpec(measures=[name], rows="full", settings=settings))
    return {one.measure: one for one in measurer.measure(theta, np.zeros_like(theta))}


def brute(architecture, data, theta, record):
    """The largest rise that brute force finds, in the unit of `record`, from other starts than the measure's."""
    measurer = Measurer(architecture, data, MeasureSpec(rows="full"))
    point = Point(measurer.objective, theta, np.zeros_like(theta), 0)
    loss_here, _ = point.gradient(theta)
    if record == "phi_subspace_0.001":
        basis = point.random("phi_subspace").standard_normal((len(theta), min(100, len(theta))))
        radii, region, unit = 1e-3 * (np.abs(np.linalg.pinv(basis) @ theta) + 1.0), BOX, 100.0 / (1.0 + loss_here)
    else:
        basis, region, unit = np.eye(len(theta)), BALL, 1.0
        radii = np.full_like(theta, 0.05) if record == "sam_max" else 0.5 * np.abs(theta)
        if record == "phi_0.001":
            radii, region, unit = 1e-3 * (np.abs(theta) + 1.0), BOX, 100.0 / (1.0 + loss_here)
    product, size = point.hessian(), len(radii)

    def rise(u):
        loss, gradient = point.gradient(theta + basis @ (radii * u))
        return loss - loss_here, radii * (gradient @ basis)

    scaled = LinearOperator((size, size), matvec=lambda u: radii * (product(basis @ (radii * u)) @ basis), dtype=float)
    _, vectors = eigsh(scaled, min(LEADING, size - 2), which="LA", tol=1e-3, v0=np.ones(size))
    rng = np.random.default_rng(77)
    starts = [*vectors.T, *-vectors.T, *rng.standard_normal((RANDOM, size))]
    ascents = (ascend(rise, region, region.boundary_point(start), iterations=40, left=1e-4) for start in starts)
    return unit * max(ascent.rise for ascent in ascents)


# `single_start` is the largest share of the brute-force value that one ascent along the gradient reaches.
@pytest.mark.parametrize(
    ("network", "record", "single_start"),
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
def test_a_maximum_equals_brute_force(network, record, single_start):
    point = trained(*network)
    highest = brute(*point, record)
    name = record.split("_")[0]
    value = found(*point, name, 24)[record]
    assert value.value >= 0.99 * highest
    assert found(*point, name, 1)[record].value <= single_start * highest
    assert len(value.starts) == 24
    assert value.starts.max() == value.value
    assert 0.0 < value.error < value.value


@pytest.mark.slow
def test_maxima_of_36_networks_are_within_1_percent_in_95_percent():
    networks = [
        (data, activation, hidden, optimizer, epochs, seed)
        for data, epochs in (("moons", 60), ("wine", 100), ("breast_cancer", 60))
        for activation in ("relu", "tanh")
        for hidden in ((16,), (8, 4))
        for optimizer in ("sgd", "adam", "momentum")
        for seed in (2,)
    ]
    shares, covered = [], []
    for point in (trained(*network) for network in networks):
        values = found(*point, "sam", 24) | found(*point, "asam", 24) | found(*point, "phi", 24)
        for record in ("sam_max", "asam_max", "phi_0.001", "phi_subspace_0.001"):
            highest = brute(*point, record)
            shares.append(values[record].value / highest)
            covered.append(highest <= 1.01 * values[record].value + 2 * values[record].error)
    assert np.mean(np.array(shares) >= 0.99) >= 0.95
    assert np.mean(covered) >= 0.96
