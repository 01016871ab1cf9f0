"""Sharpness in a small box around the minimiser, in all directions and in a random subspace."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from sweepgd.curvature.ascent import Region, Rise, Summit, climbs, directions
from sweepgd.curvature.errors import shortfall
from sweepgd.curvature.place import Place, Value
from sweepgd.curvature.second_order import Product, Vector

# Root mean square of the scaled slope at the start. L-BFGS-B ignores the negative curvature of a convex loss turned upside
# down, and then steps as far as the slope is long: it must be long compared with the box, whose half-width is 1. On digits
# networks 1 leaves φ 2 % below what 1000 finds, and 1e8 finds no more.
STEEPNESS = 1000.0

# On a convex loss no step to the corner that is highest to first order falls. 3 points lead as high as L-BFGS-B with 10 to 30.
BOX = Region(
    outermost=np.sign,
    onward=lambda s, slope: np.where(slope == 0.0, s, np.sign(slope)),
    support=lambda slope: float(np.abs(slope).sum()),
)


def refined(rise: Rise, start: Summit, iterations: int) -> Summit:
    """The highest point met by L-BFGS-B in the box [−1, 1]^size from `start`: also where that is not a corner."""
    scale = STEEPNESS / max(float(np.sqrt(np.mean(rise(start.at)[1] ** 2))), 1e-150)

    def falling(s: Vector) -> tuple[float, Vector]:
        value, slope = rise(s)
        return -scale * value, -scale * slope

    # Without tolerances: a rise of 1e-9 and a slope of 1e-5 are what is looked for.
    found = minimize(
        falling,
        start.at,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-1.0, 1.0)] * len(start.at),
        options={"maxiter": iterations, "ftol": 0.0, "gtol": 0.0},
    ).x
    return max(start, Summit(rise(found)[0], found), key=lambda one: one.rise)


@dataclass(frozen=True)
class Box:
    """The box {x + A (half ∘ s): |sᵢ| ≤ 1} around a place x: `onto` multiplies by A, `back` by Aᵀ."""

    place: Place
    half: Vector
    onto: Product
    back: Product
    here: float
    """The loss at x."""

    def at(self, s: Vector) -> Vector:
        """The parameters at s."""
        return self.place.theta + self.onto(self.half * s)

    def rise(self, s: Vector) -> tuple[float, Vector]:
        """How far the loss rises from x to s, and its slope there by s."""
        loss, gradient = self.place.gradient(self.at(s))
        return loss - self.here, self.half * self.back(gradient)

    def sharpness(self, settings: Mapping[str, Any], random: np.random.Generator) -> Value:
        """The largest rise, in per cent of the loss at x and 1."""
        _, slope = self.rise(np.zeros_like(self.half))
        product = self.place.hessian()

        def curvature(s: npt.NDArray[np.floating]) -> Vector:
            return self.half * self.back(product(self.onto(self.half * s)))

        best, rises = climbs(self.rise, BOX, directions(curvature, slope, settings["starts"], random), settings["iterations"])
        best = refined(self.rise, best, settings["iterations"])
        rises[rises.argmax()] = max(best.rise, 0.0)
        percents = 100.0 * rises / (1.0 + self.here)
        return Value(float(percents.max()), shortfall(percents), starts=percents)


def _same(vector: npt.NDArray[np.floating]) -> Vector:
    """Multiplies by the identity."""
    return np.asarray(vector, dtype=np.float64)


def phi(place: Place, settings: Mapping[str, Any]) -> Iterator[Value]:
    """φ = 100 · (max f − f)/(1 + f) over x + A z, |zᵢ| ≤ ε(|(A⁺x)ᵢ| + 1) (Keskar et al. 2017).

    First A is the identity, then a matrix (parameters, dimensions) of standard normal numbers; for each every ε in turn.
    """
    here, _ = place.gradient(place.theta)

    def boxes(space: str, start: Vector, onto: Product, back: Product) -> Iterator[Value]:
        for epsilon in settings["epsilon"]:
            box = Box(place, epsilon * (np.abs(start) + 1.0), onto, back, here)
            yield box.sharpness(settings, place.random(f"{space}_{epsilon:g}"))

    yield from boxes("phi", place.theta, _same, _same)
    size = len(place.theta)
    basis = place.random("phi_subspace").standard_normal((size, min(settings["dimensions"], size)))
    # A⁺x by the normal equations, without a copy of the matrix, 0.5 GB for 670,000 parameters. Where the parameters are many
    # more than the dimensions it is well conditioned.
    coordinates = np.asarray(np.linalg.solve(basis.T @ basis, basis.T @ place.theta), dtype=np.float64)
    yield from boxes("phi_subspace", coordinates, lambda z: basis @ z, lambda gradient: gradient @ basis)
