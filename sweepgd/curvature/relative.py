"""Relative flatness: the curvature of the last layer, weighted by its weights (Petzka et al. 2021)."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sweepgd.curvature.place import Place, Value
from sweepgd.curvature.trace import Draw, estimated, rademacher
from sweepgd.layout import KIND, NDIM, OFFSET, SIZE, WEIGHT, tensors_in
from sweepgd.problem import Problem


def relative_flatness(place: Place, settings: Mapping[str, Any]) -> Iterator[Value]:
    """κ = Σ_{s,s'} ⟨w_s, w_s'⟩ tr H_{s,s'} over the neurons s of the last layer, w_s its weights (definition 3).

    W is (fan_in, fan_out), a neuron a column. With independent signs E, (fan_in, fan_in), the form of V = E W has mean κ:
    its covariance between V[t, s] and V[t', s'] is ⟨w_s, w_s'⟩ where t = t', and else 0.
    """
    yield estimated(_forms, place, settings)


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
