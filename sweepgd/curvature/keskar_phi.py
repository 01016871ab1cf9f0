"""Keskar's sharpness φ: the largest rise of the loss in a small box around the minimiser, also in random subspaces."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from sweepgd.curvature.ascent import Maximum, Region, Rise, ascend_from, directions
from sweepgd.curvature.error_estimates import shortfall
from sweepgd.curvature.hessian import Product, Vector
from sweepgd.curvature.point import Point, Value

# The root mean square to which the gradient at the start is scaled. The negative of a convex loss has negative curvature, which
# L-BFGS-B ignores. The step of L-BFGS-B is then as long as the gradient, so that the gradient must be long compared with 1, the
# half-width of the box. On digits networks, φ is 2 % lower with the value 1 than with 1000, and not higher with 1e8.
STEEPNESS = 1000.0

# A step goes to the corner of the box with the largest first-order rise, which on a convex loss never lowers the loss. 3
# iterates reach the same maximum as 10 to 30 iterations of L-BFGS-B.
BOX = Region(
    boundary_point=np.sign,
    next_iterate=lambda s, slope: np.where(slope == 0.0, s, np.sign(slope)),
    support=lambda slope: float(np.abs(slope).sum()),
)


def refine(rise: Rise, start: Maximum, iterations: int) -> Maximum:
    """Return the maximum found by L-BFGS-B in the box [−1, 1]^size from `start`, which need not be a corner."""
    scale = STEEPNESS / max(float(np.sqrt(np.mean(rise(start.at)[1] ** 2))), 1e-150)

    def negative_rise(s: Vector) -> tuple[float, Vector]:
        value, slope = rise(s)
        return -scale * value, -scale * slope

    # The tolerances are 0, because rises of 1e-9 and gradients of 1e-5 matter here.
    found = minimize(
        negative_rise,
        start.at,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-1.0, 1.0)] * len(start.at),
        options={"maxiter": iterations, "ftol": 0.0, "gtol": 0.0},
    ).x
    return max(start, Maximum(rise(found)[0], found), key=lambda one: one.rise)


@dataclass(frozen=True)
class Box:
    """The box {x + A (half ∘ s): |sᵢ| ≤ 1} around x. `apply` multiplies by A, and `apply_transpose` multiplies by Aᵀ."""

    point: Point
    half: Vector
    apply: Product
    apply_transpose: Product
    loss_here: float
    """The loss at x."""

    def at(self, s: Vector) -> Vector:
        """Return the parameters at s."""
        return self.point.theta + self.apply(self.half * s)

    def rise(self, s: Vector) -> tuple[float, Vector]:
        """Return the rise of the loss from x to s, and its gradient in s."""
        loss, gradient = self.point.gradient(self.at(s))
        return loss - self.loss_here, self.half * self.apply_transpose(gradient)

    def sharpness(self, settings: Mapping[str, Any], random: np.random.Generator) -> Value:
        """Return the largest rise, in per cent of 1 plus the loss at x."""
        _, slope = self.rise(np.zeros_like(self.half))
        product = self.point.hessian()

        def curvature(s: npt.NDArray[np.floating]) -> Vector:
            return self.half * self.apply_transpose(product(self.apply(self.half * s)))

        best, rises = ascend_from(
            self.rise, BOX, directions(curvature, slope, settings["starts"], random), settings["iterations"]
        )
        best = refine(self.rise, best, settings["iterations"])
        rises[rises.argmax()] = max(best.rise, 0.0)
        percents = 100.0 * rises / (1.0 + self.loss_here)
        return Value(float(percents.max()), shortfall(percents), starts=percents)


def _identity(vector: npt.NDArray[np.floating]) -> Vector:
    """Return the product of the identity matrix and a vector."""
    return np.asarray(vector, dtype=np.float64)


def phi(point: Point, settings: Mapping[str, Any]) -> Iterator[Value]:
    """Yield φ = 100 · (max f − f)/(1 + f) over x + A z, |zᵢ| ≤ ε(|(A⁺x)ᵢ| + 1), for every ε (Keskar et al. 2017, metric 2.1).

    The first values are for the identity matrix A. The next values are for a matrix A (parameters, dimensions) of standard
    normal numbers.
    """
    loss_here, _ = point.gradient(point.theta)

    def boxes(space: str, start: Vector, apply: Product, apply_transpose: Product) -> Iterator[Value]:
        for epsilon in settings["epsilon"]:
            box = Box(point, epsilon * (np.abs(start) + 1.0), apply, apply_transpose, loss_here)
            yield box.sharpness(settings, point.random(f"{space}_{epsilon:g}"))

    yield from boxes("phi", point.theta, _identity, _identity)
    size = len(point.theta)
    basis = point.random("phi_subspace").standard_normal((size, min(settings["dimensions"], size)))
    # A⁺x is computed from the normal equations, because a copy of A would take 0.5 GB for 670,000 parameters. AᵀA is well
    # conditioned if there are many more parameters than dimensions.
    coordinates = np.asarray(np.linalg.solve(basis.T @ basis, basis.T @ point.theta), dtype=np.float64)
    yield from boxes("phi_subspace", coordinates, lambda z: basis @ z, lambda gradient: gradient @ basis)
