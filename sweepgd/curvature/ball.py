"""Sharpness in a ball around the minimiser: how far the loss rises by one step along the gradient, and at most."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from sweepgd.curvature.place import Place, Value
from sweepgd.curvature.second_order import Vector

# Radii that a step of the ascent is long before it is projected: on digits networks, 20 steps end within 5e-4 of what L-BFGS
# finds on the sphere with three times as many gradients; steps of 1 radius end 8e-3 below it.
STEP = 4.0


def _unit(vector: Vector) -> Vector:
    """The vector of length 1 in the direction of `vector`; a zero vector as it is."""
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm > 0.0 else vector


def _rises(place: Place, reach: Vector, iterations: int, random: np.random.Generator) -> Iterator[Value]:
    """How far the loss rises within {w + reach ∘ u: ‖u‖ ≤ 1} by the step along the gradient, and at most.

    Everything happens in u, and so along the same path in every rescaling that `reach` follows. The maximum is the highest
    loss met by projected ascent with steps of fixed length, from between the gradient and a random direction: where the
    gradient is 0 it leads nowhere. Its error is the first-order rise from there to the best point of the ball, 0 where the
    ascent has converged.
    """

    def look(u: Vector) -> tuple[float, Vector, float]:
        loss, gradient = place.gradient(place.theta + reach * u)
        slope = reach * gradient
        return loss, slope, max(float(np.linalg.norm(slope) - slope @ u), 0.0)

    u = np.zeros_like(reach)
    here, slope, error = look(u)
    highest = here
    uphill = _unit(slope)
    if uphill.any():
        stepped, _, left = look(uphill)
        yield Value(stepped - here)
        highest, error = max((highest, error), (stepped, left))
    else:
        yield Value(message="the gradient is 0: one step along it has no direction")
    u = _unit(uphill + _unit(random.standard_normal(len(reach))))
    for _ in range(iterations):
        loss, slope, left = look(u)
        if loss > highest:
            highest, error = loss, left
        u = u + STEP * _unit(slope)
        u = u / max(1.0, float(np.linalg.norm(u)))
    yield Value(highest - here, error)


def sam(place: Place, settings: Mapping[str, Any]) -> Iterator[Value]:
    """In the ball ‖ε‖ ≤ ρ: L(w + ρ g/‖g‖) − L(w), and max L(w + ε) − L(w) (Foret et al. 2021)."""
    reach = np.full_like(place.theta, settings["rho"])
    yield from _rises(place, reach, settings["iterations"], place.random("sam"))


def asam(place: Place, settings: Mapping[str, Any]) -> Iterator[Value]:
    """In the ellipsoid ‖ε/|w|‖ ≤ ρ, elementwise: by the step ρ w²g/‖|w|g‖, and at most (Kwon et al. 2021)."""
    reach = settings["rho"] * np.abs(place.theta)
    yield from _rises(place, reach, settings["iterations"], place.random("asam"))
