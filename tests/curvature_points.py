"""Small models at chosen weights, as the measures of curvature see them, with their Hessians by other means."""

from typing import Any

import numpy as np
from naive import network
from run_builders import data_of, model_for, no_data

from sweepgd.core.layout import tensors_in
from sweepgd.curvature.catalogue import MEASURES
from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.curvature.measurer import Measurement, Measurer
from sweepgd.curvature.objective import Objective
from sweepgd.curvature.point import Point
from sweepgd.data import Data
from sweepgd.models import Architecture


def blobs(rows: int = 60, inputs: int = 4, classes: int = 3, dtype: str = "float64") -> Data:
    """Rows of overlapping classes."""
    rng = np.random.default_rng(7)
    labels = rng.integers(0, classes, rows)
    return data_of(rng.normal(size=(rows, inputs)) + labels[:, None], labels, classes=classes, dtype=dtype)


def network_and_weights(
    data: Data, activation: str = "tanh", hidden: tuple[int, ...] = (5,)
) -> tuple[Architecture, np.ndarray]:
    """A network and weights with biases other than 0."""
    architecture = model_for(data, "mlp", hidden=hidden, activation=activation)
    rng = np.random.default_rng(11)
    return architecture, architecture.initial(rng) + 0.1 * rng.normal(size=architecture.parameters)


def quadratic(curvatures: tuple[float, ...]) -> Architecture:
    """½ Σ λᵢxᵢ²."""
    return model_for(no_data(), "quadratic", curvatures=curvatures, start=(1.0,) * len(curvatures))


def point_at(architecture: Architecture, data: Data, theta: np.ndarray, seed: int = 0) -> Point:
    return Point(Objective(architecture, data.train), np.asarray(theta, dtype=float), np.zeros(len(theta)), seed)


def only_value(values):
    """The one value of a measure."""
    (value,) = values
    return value


def dense_hessian(architecture: Architecture, theta: np.ndarray, data: Data, activation: str, step: float = 1e-5) -> np.ndarray:
    """The Hessian of a softmax network by differences of the plain-NumPy gradient."""

    def gradient(at):
        tensors = tensors_in(at, architecture.layout)
        return network(tensors, data.train.inputs, data.train.targets, activation, "softmax")[1]

    rows = [(gradient(theta + step * axis) - gradient(theta - step * axis)) / (2 * step) for axis in np.eye(len(theta))]
    return (np.array(rows) + np.array(rows).T) / 2


def measured(architecture: Architecture, data: Data, theta: np.ndarray, *names: str, **spec: Any) -> dict[str, Measurement]:
    """The records of the measures `names`, or of all of them, by record; by record and factor where rescaled."""
    measurer = Measurer(architecture, data, MeasureSpec(measures=list(names or MEASURES), rows="full", **spec))
    found = measurer.measure(theta, np.zeros(len(theta)))
    return {(m.measure, m.rescaling) if "rescale" in spec else m.measure: m for m in found}
