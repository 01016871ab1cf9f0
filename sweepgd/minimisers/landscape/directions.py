"""Planes in parameter space (Li et al. 2018): random and normalised by filters, or along the optimizer's path."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError
from sweepgd.core.layout import KIND, POSITION, WEIGHT, Layout, tensors_in

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """The points origin + α·a + β·b, with `origin` (parameters,) and `directions` (2, parameters), a and b.

    `axes` says what α and β are; `explained` is the share of the path's variance along each, where they are its own.
    """

    origin: Array
    directions: Array
    axes: str
    explained: tuple[float, float] | None = None

    def at(self, coordinates: Array) -> Array:
        """The parameters at (α, β)."""
        return self.origin + coordinates @ self.directions

    def project(self, points: Array) -> Array:
        """The coordinates (n, 2) of the nearest points of the plane to `points` (n, parameters), its directions orthonormal."""
        return (points - self.origin) @ self.directions.T


def parameter_plane() -> Plane:
    """The whole space of two parameters."""
    return Plane(np.zeros(2), np.eye(2), "parameters")


def random_plane(minimum: Array, layout: Layout, random: np.random.Generator) -> Plane:
    """Two Gaussian directions from `minimum`, each normalised as its weights are (Li et al. 2018, section 4).

    The weights into each neuron are scaled to the norm that they have in `minimum`; biases, and scales of normalization, are
    left as they are, as in the paper's own code. Positions on a surface belong to no neuron: their direction has norm 1.
    Raises SweepgdError where all weights are zero.
    """
    directions = np.array([_filter_normalized(random.standard_normal(len(minimum)), minimum, layout) for _ in range(2)])
    if not directions.any(axis=1).all():
        raise SweepgdError("all weights are zero, and so is each direction normalised to their norm")
    return Plane(minimum, directions, "random")


def _filter_normalized(direction: Array, minimum: Array, layout: Layout) -> Array:
    for row, tensor, trained in zip(layout, tensors_in(direction, layout), tensors_in(minimum, layout), strict=True):
        kind = int(row[KIND])
        if kind == POSITION:
            tensor /= np.linalg.norm(tensor)
        elif kind == WEIGHT:
            neurons, theirs = (each.reshape(-1, each.shape[-1]) for each in (tensor, trained))
            neurons *= np.linalg.norm(theirs, axis=0) / np.linalg.norm(neurons, axis=0)
        else:
            tensor[:] = 0.0
    return direction


def path_plane(path: Array) -> Plane:
    """The plane from the path's end along its first two principal components (Li et al. 2018, section 7.2).

    `path` is (n, parameters). The directions are orthonormal, and turned so that the path begins on the left and above. Raises
    SweepgdError where it spans no plane.
    """
    centred = path - path.mean(axis=0)
    _, deviations, components = np.linalg.svd(centred, full_matrices=False)
    # The remainder of a straight path across itself is rounding.
    if len(deviations) < 2 or not deviations[1] > deviations[0] * np.finfo(np.float32).eps:
        raise SweepgdError("it lies on a straight line, or does not move at all, and spans no plane")
    start = components[:2] @ (path[0] - path[-1])
    turned = components[:2] * np.where(start * [-1.0, 1.0] < 0.0, -1.0, 1.0)[:, None]
    shares = deviations**2 / np.sum(deviations**2)
    return Plane(path[-1], turned, "principal components", (float(shares[0]), float(shares[1])))
