"""Sharpness in a small box around the minimiser, in all directions and in a random subspace."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from scipy.optimize import minimize

from sweepgd.curvature.place import Place, Value
from sweepgd.curvature.second_order import Vector

# Root mean square of the scaled slope at the start. L-BFGS-B ignores the negative curvature of a convex loss turned upside
# down, and then steps as far as the slope is long: it must be long compared with the box, whose half-width is 1. On digits
# networks 1 leaves φ 2 % below what 1000 finds, and 1e8 finds no more.
STEEPNESS = 1000.0


def highest(
    rise: Callable[[Vector], tuple[float, Vector]], size: int, iterations: int, random: np.random.Generator
) -> tuple[float, float]:
    """The largest value of a function met by L-BFGS-B in the box [−1, 1]^size, from a random point of it, and how much further
    it could rise to first order: 0 at a stationary point.

    `rise` gives the function and its gradient (size,).
    """
    start = random.uniform(-1.0, 1.0, size)
    scale = STEEPNESS / max(float(np.sqrt(np.mean(rise(start)[1] ** 2))), 1e-150)

    def falling(s: Vector) -> tuple[float, Vector]:
        value, slope = rise(s)
        return -scale * value, -scale * slope

    # Without tolerances: a rise of 1e-9 and a slope of 1e-5 are what is looked for.
    found = minimize(
        falling,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-1.0, 1.0)] * size,
        options={"maxiter": iterations, "ftol": 0.0, "gtol": 0.0},
    ).x
    value, slope = rise(found)
    return value, max(float(np.abs(slope).sum() - slope @ found), 0.0)


def phi(place: Place, settings: Mapping[str, Any]) -> Iterator[Value]:
    """φ = 100 · (max f − f)/(1 + f) over x + A z, |zᵢ| ≤ ε(|(A⁺x)ᵢ| + 1), with its error in the same unit (Keskar et al. 2017).

    First A is the identity, then a matrix (parameters, dimensions) of standard normal numbers; for each every ε in turn.
    """
    here, _ = place.gradient(place.theta)

    def sharpness(
        space: str, start: Vector, onto: Callable[[Vector], Vector], back: Callable[[Vector], Vector]
    ) -> Iterator[Value]:
        for epsilon in settings["epsilon"]:
            half = epsilon * (np.abs(start) + 1.0)

            def rise(s: Vector, half: Vector = half) -> tuple[float, Vector]:
                loss, gradient = place.gradient(place.theta + onto(half * s))
                return loss - here, half * back(gradient)

            random = place.random(f"{space}_{epsilon:g}")
            value, error = highest(rise, len(start), settings["iterations"], random)
            percent = 100.0 / (1.0 + here)
            yield Value(percent * max(value, 0.0), percent * error)

    yield from sharpness("phi", place.theta, lambda z: z, lambda gradient: gradient)
    size = len(place.theta)
    basis = place.random("phi_subspace").standard_normal((size, min(settings["dimensions"], size)))
    # A⁺x by the normal equations, without a copy of the matrix, 0.5 GB for 670,000 parameters. Where the parameters are many
    # more than the dimensions it is well conditioned.
    coordinates = np.asarray(np.linalg.solve(basis.T @ basis, basis.T @ place.theta), dtype=np.float64)
    yield from sharpness("phi_subspace", coordinates, lambda z: basis @ z, lambda gradient: gradient @ basis)
