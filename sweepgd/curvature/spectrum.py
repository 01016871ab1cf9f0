"""The largest eigenvalues of the Hessian and of the Gauss-Newton matrix, by SciPy's Lanczos iteration over products."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from sweepgd.curvature.place import Place, Value
from sweepgd.curvature.second_order import Product, Vector
from sweepgd.problem import Problem

# Vectors that Lanczos builds from one restart to the next, and parameters up to which a dense matrix costs no more products. On
# 14 digits and Fashion-MNIST networks, new and trained, 6 take λmax to 1e-3 in 9 products at most minima, the residual's
# included, and in 16 where training begins; 12 take 15 and 17: what they have is looked at after a whole basis only.
BASIS = 6
RESTARTS = 100


def dense(product: Product, size: int) -> npt.NDArray[np.float64]:
    """The symmetric matrix (size, size) that `product` multiplies by."""
    matrix = np.array([product(row) for row in np.eye(size)])
    return (matrix + matrix.T) / 2.0


def largest(
    product: Product, size: int, k: int, tolerance: float, random: np.random.Generator
) -> tuple[Vector, npt.NDArray[np.float64]]:
    """The `k` ≤ size algebraically largest eigenvalues (k,) of a symmetric matrix, descending, and unit eigenvectors (size, k).

    Lanczos 1950, restarted implicitly as in ARPACK, until every residual ‖Hv − λv‖ is at most `tolerance` · |λ|. From one start
    it may see an eigenvalue that occurs several times only once. Raises Problem where it takes more than RESTARTS restarts.
    """
    basis = max(2 * k + 1, BASIS)
    if size <= basis:
        values, vectors = np.linalg.eigh(dense(product, size))
        return values[::-1][:k], vectors[:, ::-1][:, :k]
    start = product(random.standard_normal(size))
    if not start.any():  # a random vector in the kernel: the matrix is 0, and ARPACK would refuse it
        return np.zeros(k), np.eye(size, k)
    operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
    try:
        values, vectors = eigsh(operator, k, which="LA", v0=start, ncv=basis, tol=tolerance, maxiter=RESTARTS, rng=random)
    except ArpackNoConvergence:
        raise Problem(f"Lanczos did not reach a residual of {tolerance:g} in {RESTARTS} restarts: raise tolerance") from None
    order = np.argsort(values)[::-1]
    return values[order], vectors[:, order]


def residuals(product: Product, values: Vector, vectors: npt.NDArray[np.float64], precision: float) -> Vector:
    """‖Hv − λv‖/|λ| (k,) of each pair; ‖Hv − λv‖ where λ is 0, which is `precision` of the largest |λ| or less."""
    found = np.array([np.linalg.norm(product(v) - value * v) for value, v in zip(values, vectors.T, strict=True)])
    sizes = np.abs(values)
    return found / np.where(sizes <= precision * sizes.max(), 1.0, sizes)


def _measured(place: Place, product: Product, k: int, tolerance: float, record: str) -> Iterator[Value]:
    size, precision = len(place.theta), float(np.finfo(place.objective.dtype).eps)
    values, vectors = largest(product, size, min(k, size), tolerance, place.random(record))
    for value, error in zip(values, residuals(product, values, vectors, precision), strict=True):
        yield Value(float(value), float(error))
    for _ in range(k - size):
        yield Value(message=f"the model has {size} parameters, and no more eigenvalues than that")


def lambda_max(place: Place, settings: Mapping[str, Any]) -> Iterator[Value]:
    """The k largest eigenvalues of the Hessian, each with its residual relative to |λ|."""
    yield from _measured(place, place.hessian(), settings["k"], settings["tolerance"], "lambda_max")


def gauss_newton_max(place: Place, settings: Mapping[str, Any]) -> Iterator[Value]:
    """The largest eigenvalue of the Gauss-Newton matrix, with its residual relative to it."""
    yield from _measured(place, place.gauss_newton(), 1, settings["tolerance"], "gauss_newton_max")
