"""Norms of the parameters, and their distance from the initial parameters."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.core.layout import KIND, WEIGHT, tensors_in
from sweepgd.curvature.point import Point, Value


def distance(point: Point, settings: Mapping[str, Any]) -> Iterator[Value]:
    """Yield ‖w − w₀‖, with w₀ the initial parameters (Nagarajan & Kolter 2019)."""
    if not np.isfinite(point.initial).all():
        raise SweepgdError("the initial parameters of the run are not known")
    yield Value(float(np.linalg.norm(point.theta - point.initial)))


def weight_norm(point: Point, settings: Mapping[str, Any]) -> Iterator[Value]:
    """Yield ‖w‖ of all parameters (Neyshabur et al. 2017)."""
    yield Value(float(np.linalg.norm(point.theta)))


def weight_norm_log_product(point: Point, settings: Mapping[str, Any]) -> Iterator[Value]:
    """Yield Σ ln ‖W‖, with Frobenius norms of the weights of each layer, without biases (Neyshabur et al. 2017)."""
    layout = point.objective.layout
    weights = tensors_in(point.theta, layout[layout[:, KIND] == WEIGHT])
    norms = [float(np.linalg.norm(tensor)) for tensor in weights]
    if not norms:
        raise SweepgdError("the model has no weights in layers")
    if min(norms) == 0.0:
        raise SweepgdError("all weights of a layer are 0, so that the product of the norms is 0 and has no logarithm")
    yield Value(float(np.sum(np.log(norms))))
