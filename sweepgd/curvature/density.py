"""The distribution of the Hessian's eigenvalues by stochastic Lanczos quadrature."""

from collections.abc import Iterator, Mapping
from math import pi, sqrt
from typing import Any

import numpy as np
from scipy.linalg import eigh_tridiagonal

from sweepgd.curvature.errors import standard_error
from sweepgd.curvature.place import Place, Value
from sweepgd.curvature.second_order import Product, Vector
from sweepgd.curvature.trace import OVER_GROUPS, forms, rademacher

POINTS = 256
# Of the spectrum's range: the Gaussian that stands for an eigenvalue. The grid's points are then 0.42 of it apart.
WIDTH = 0.01
# Of a product's length: what is left of it beside the vectors before it is then rounding.
INVARIANT = 1e-10


def quadrature(product: Product, start: Vector, steps: int) -> tuple[Vector, Vector]:
    """Nodes and weights, each (at most `steps`,), of the spectral measure of a symmetric matrix at `start`: weights add up to
    1, and Σ weight · nodeᵏ is startᵀHᵏstart/‖start‖² for k < 2 · steps.

    Lanczos with full reorthogonalisation (Golub & Meurant 2010); it ends early where the vectors span an invariant space.
    """
    basis = np.empty((min(steps, len(start)), len(start)))
    diagonal: list[float] = []
    beside: list[float] = []
    v, norm = start, float(np.linalg.norm(start))
    for known in range(len(basis)):
        basis[known] = v / norm
        v = product(basis[known])
        scale = float(np.linalg.norm(v))
        diagonal.append(float(v @ basis[known]))
        v = v - diagonal[-1] * basis[known]
        if beside:
            v -= beside[-1] * basis[known - 1]
        # What rounding leaves of all earlier vectors would grow into copies of eigenvalues already found.
        v -= (basis[: known + 1] @ v) @ basis[: known + 1]
        norm = float(np.linalg.norm(v))
        if norm <= INVARIANT * scale:
            break
        beside.append(norm)
    nodes, vectors = eigh_tridiagonal(diagonal, beside[: len(diagonal) - 1])
    return nodes, vectors[0] ** 2


def broadened(nodes: Vector, weights: Vector) -> tuple[Vector, Vector]:
    """Grid and density (POINTS,): each node a Gaussian of its weight, WIDTH of the range wide."""
    low, high = float(nodes.min()), float(nodes.max())
    # Eigenvalues that are all alike have no range: theirs is a peak at their value.
    width = WIDTH * ((high - low) or abs(high) or 1.0)
    grid = np.linspace(low - 4.0 * width, high + 4.0 * width, POINTS)
    bells = np.exp(-0.5 * ((grid[:, None] - nodes) / width) ** 2) / (width * sqrt(2.0 * pi))
    return grid, bells @ weights


def spectral_density(place: Place, settings: Mapping[str, Any]) -> Iterator[Value]:
    """The density over its grid, and the eigenvalues' mean with its standard error over random vectors (Ghorbani, Krishnan &
    Xiao 2019, algorithm 1).

    The mean takes a product a vector where the density takes one a step, and so is taken over more vectors: over 8 alone, two
    plain standard errors held it in 88 % of cases on 23 networks, as quadratic forms are skewed; over 64 in 94 %.
    """
    size, product, random = len(place.theta), place.hessian(), place.random("spectral_density")
    draws = [quadrature(product, rademacher(random, size), settings["steps"]) for _ in range(settings["draws"])]
    nodes = np.concatenate([nodes for nodes, _ in draws])
    weights = np.concatenate([weights for _, weights in draws]) / len(draws)
    grid, density = broadened(nodes, weights)

    def means(at: Place, count: int) -> Vector:
        draw = forms(at, "spectral_density_mean")
        return np.array([draw() / size for _ in range(count)])

    own = means(place, settings["mean_draws"])

    def over(part: Place) -> float:
        return float(means(part, min(OVER_GROUPS, len(own))).mean())

    yield Value(float(own.mean()), standard_error(own), over=over, grid=grid, density=density)
