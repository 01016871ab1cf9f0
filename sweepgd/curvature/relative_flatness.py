"""Relative flatness: the trace of the last layer's Hessian, weighted by products of its weights (Petzka et al. 2021)."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.core.layout import KIND, NDIM, OFFSET, SIZE, WEIGHT, tensors_in
from sweepgd.curvature.point import Point, Value
from sweepgd.curvature.trace import Draw, estimate, rademacher


def relative_flatness(point: Point, settings: Mapping[str, Any]) -> Iterator[Value]:
    """Yield κ = Σ_{s,s'} ⟨w_s, w_s'⟩ tr H_{s,s'} over the neurons s of the last layer, with weights w_s (definition 3).

    W is (fan_in, fan_out) with a column for each neuron. The quadratic form of V = E W, with independent random signs E,
    (fan_in, fan_in), has the mean κ. The reason is that the covariance of V[t, s] and V[t', s'] is ⟨w_s, w_s'⟩ if t = t', and 0
    otherwise.
    """
    yield estimate(_forms, point, settings)


def _forms(point: Point) -> Draw:
    layers = [row for row in point.objective.layout if row[KIND] == WEIGHT and row[NDIM] == 2]
    if not layers:
        raise SweepgdError("the model has no weight matrix")
    last = layers[-1]
    (weights,) = tensors_in(point.theta, last[None])
    product, random = point.hessian(), point.random("relative_flatness")
    direction = np.zeros_like(point.theta)
    block = direction[last[OFFSET] : last[OFFSET] + last[SIZE]]

    def draw() -> float:
        block[:] = (rademacher(random, (len(weights), len(weights))) @ weights).ravel()
        return float(direction @ product(direction))

    return draw
