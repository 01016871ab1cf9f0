"""Planes in parameter space (Li et al. 2018). The directions of a plane are random and filter-normalised, or they follow the
optimizer's path.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError
from sweepgd.core.layout import KIND, POSITION, WEIGHT, Layout, parameter_count, tensors_in

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """The points origin + α·a + β·b. `origin` has the shape (recorded,). `directions` holds a and b, (2, recorded), which are 0
    for recorded buffers.

    `axes` describes α and β. `explained` is the share of the path's variance along each direction, or None for directions that
    are not principal components.
    """

    origin: Array
    directions: Array
    axes: str
    explained: tuple[float, float] | None = None

    def at(self, coordinates: Array) -> Array:
        """Return the parameters at (α, β)."""
        return self.origin + coordinates @ self.directions

    def project(self, points: Array) -> Array:
        """Return the coordinates (n, 2) of the projections of `points` (n, parameters) on the plane. The directions must be
        orthonormal.
        """
        return (points - self.origin) @ self.directions.T


def parameter_plane() -> Plane:
    """Return the plane of all points of a model with two parameters."""
    return Plane(np.zeros(2), np.eye(2), "parameters")


def random_plane(minimum: Array, layout: Layout, random: np.random.Generator) -> Plane:
    """Return the plane through `minimum` along two Gaussian, filter-normalised directions (Li et al. 2018, section 4).

    `minimum` has the shape (recorded,). In each direction, the weights into a neuron or filter are scaled to the norm of its
    weights in `minimum`. Directions are zero for biases and scales of normalization, as in the authors' code. The parameters of
    a test surface do not belong to a neuron, and their direction has norm 1. Raises SweepgdError if all weights are zero.
    """
    drawn = np.array([_filter_normalized(random.standard_normal(len(minimum)), minimum, layout) for _ in range(2)])
    directions = np.where(np.arange(len(minimum)) < parameter_count(layout), drawn, 0.0)
    if not directions.any(axis=1).all():
        raise SweepgdError("all weights are zero, so that directions scaled to their norm would be zero too")
    return Plane(minimum, directions, "random")


def _filter_normalized(direction: Array, minimum: Array, layout: Layout) -> Array:
    for row, tensor, trained in zip(layout, tensors_in(direction, layout), tensors_in(minimum, layout), strict=True):
        kind = int(row[KIND])
        if kind == POSITION:
            tensor /= np.linalg.norm(tensor)
        elif kind == WEIGHT:
            drawn, minimal = (array.reshape(-1, array.shape[-1]) for array in (tensor, trained))
            drawn *= np.linalg.norm(minimal, axis=0) / np.linalg.norm(drawn, axis=0)
        else:
            tensor[:] = 0.0
    return direction


def path_plane(path: Array, parameters: int) -> Plane:
    """Return the plane through the end of a path along its first two principal components (Li et al. 2018, section 7.2).

    `path` has shape (n, recorded), and only the first `parameters` columns count. The directions are orthonormal. Their signs
    put the start of the path on the upper left. Raises SweepgdError if the path spans no plane.
    """
    weights = path[:, :parameters]
    centred = weights - weights.mean(axis=0)
    _, deviations, components = np.linalg.svd(centred, full_matrices=False)
    # A path whose variance across its direction is only rounding errors is straight.
    if len(deviations) < 2 or not deviations[1] > deviations[0] * np.finfo(np.float32).eps:
        raise SweepgdError("the path is a single point or a straight line, and spans no plane")
    start = components[:2] @ (weights[0] - weights[-1])
    turned = components[:2] * np.where(start * [-1.0, 1.0] < 0.0, -1.0, 1.0)[:, None]
    shares = deviations**2 / np.sum(deviations**2)
    directions = np.pad(turned, ((0, 0), (0, path.shape[1] - parameters)))
    return Plane(path[-1], directions, "principal components", (float(shares[0]), float(shares[1])))
