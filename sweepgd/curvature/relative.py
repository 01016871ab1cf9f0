"""Relative flatness: the trace of the last layer's Hessian, weighted by products of its weights (Petzka et al. 2021)."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sweepgd.curvature.place import Place, Value
from sweepgd.curvature.trace import Draw, estimate, rademacher
from sweepgd.layout import KIND, NDIM, OFFSET, SIZE, WEIGHT, tensors_in
from sweepgd.problem import Problem


def relative_flatness(place: Place, settings: Mapping[str, Any]) -> Iterator[Value]:
    """Yield κ = Σ_{s,s'} ⟨w_s, w_s'⟩ tr H_{s,s'} over the neurons s of the last layer, with weights w_s (definition 3).

    W is (fan_in, fan_out) with a column for each neuron. With independent random signs E, (fan_in, fan_in), the quadratic form
    of V = E W has the mean κ: the covariance of V[t, s] and V[t', s'] is ⟨w_s, w_s'⟩ if t = t', and 0 otherwise.
    """
    yield estimate(_forms, place, settings)


def _forms(place: Place) -> Draw:
    layers = [row for row in place.objective.layout if row[KIND] == WEIGHT and row[NDIM] == 2]
    if not layers:
        raise Problem("the model has no weight matrix")
    last = layers[-1]
    (weights,) = tensors_in(place.theta, last[None])
    product, random = place.hessian(), place.random("relative_flatness")
    direction = np.zeros_like(place.theta)
    block = direction[last[OFFSET] : last[OFFSET] + last[SIZE]]

    def draw() -> float:
        block[:] = (rademacher(random, (len(weights), len(weights))) @ weights).ravel()
        return float(direction @ product(direction))

    return draw
