"""The largest eigenvalues of the Hessian and of the Gauss-Newton matrix, by SciPy's Lanczos iteration over products."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, LinearOperator, eigsh

from sweepgd.curvature.place import Place, Value
from sweepgd.curvature.second_order import Product, Vector
from sweepgd.problem import Problem

# Vectors that Lanczos builds from one restart to the next, and parameters up to which a dense matrix costs no more products.
# From an eigenvector of a sample, 5 take λmax to 1e-4 in 6 products on trained digits and Fashion-MNIST networks; from a random
# vector, 5 and 6 take 13 on average of 9 networks, new and trained, with 12 starts each. A gradient as start saves no more
# than it costs.
BASIS = 5
RESTARTS = 100
# Residual of the sample's eigenvector, and how much of a random vector is added to it, lest it be orthogonal to what is sought.
SAMPLE_TOLERANCE, STRAY = 3e-2, 0.1
# How far a Ritz vector may be from the directions that were multiplied for its image to be made of theirs.
HELD = 1e-10


class Remembered:
    """A product that keeps the last `count` directions and their images: an image of what they span takes no product."""

    def __init__(self, product: Product, count: int) -> None:
        self._product = product
        self._directions: deque[Vector] = deque(maxlen=count)
        self._images: deque[Vector] = deque(maxlen=count)

    def __call__(self, direction: npt.NDArray[np.floating]) -> Vector:
        image = self._product(direction)
        self._directions.append(np.array(direction, dtype=np.float64))
        self._images.append(image)
        return image

    def image(self, vector: npt.NDArray[np.floating]) -> Vector:
        """The product with a unit vector: of orthonormal directions, as those since Lanczos last began, if they hold it."""
        coordinates = [float(direction @ vector) for direction in self._directions]
        rest = np.array(vector, dtype=np.float64)
        for coordinate, direction in zip(coordinates, self._directions, strict=True):
            rest -= coordinate * direction
        if np.linalg.norm(rest) > HELD:
            return self._product(vector)
        image = np.zeros_like(rest)
        for coordinate, kept in zip(coordinates, self._images, strict=True):
            image += coordinate * kept
        return image


class Scaled:
    """A product divided by the length of its first image that is not 0.

    ARPACK's tolerance is a share of |λ|, but of no less than 4e-11, which is far above the whole Hessian of a dead network.
    """

    def __init__(self, product: Product) -> None:
        self._product = product
        self.scale = 0.0

    def __call__(self, direction: npt.NDArray[np.floating]) -> Vector:
        image = self._product(direction)
        self.scale = self.scale or float(np.linalg.norm(image))
        return image / (self.scale or 1.0)


def basis_of(size: int, k: int) -> int:
    """Vectors that Lanczos builds at once for the `k` largest of `size` eigenvalues."""
    return min(size, max(2 * k + 1, BASIS))


def dense(product: Product, size: int) -> npt.NDArray[np.float64]:
    """The symmetric matrix (size, size) that `product` multiplies by."""
    matrix = np.array([product(row) for row in np.eye(size)])
    return (matrix + matrix.T) / 2.0


def largest(
    product: Product, start: Vector, k: int, tolerance: float, random: np.random.Generator
) -> tuple[Vector, npt.NDArray[np.float64]]:
    """The `k` ≤ size algebraically largest eigenvalues (k,) of a symmetric matrix, descending, and unit eigenvectors (size, k).

    Lanczos 1950 from `start` (size,), restarted implicitly as in ARPACK, until every residual ‖Hv − λv‖ is at most
    `tolerance` · |λ|. From one start it may see an eigenvalue that occurs several times only once. Raises Problem where it
    takes more than RESTARTS restarts.
    """
    size = len(start)
    basis = basis_of(size, k)
    if size <= basis:
        values, vectors = np.linalg.eigh(dense(product, size))
        return values[::-1][:k], vectors[:, ::-1][:, :k]
    scaled = Scaled(product)
    operator = LinearOperator((size, size), matvec=scaled, dtype=np.float64)
    try:
        values, vectors = eigsh(operator, k, which="LA", v0=start, ncv=basis, tol=tolerance, maxiter=RESTARTS, rng=random)
    except ArpackNoConvergence:
        raise Problem(f"Lanczos did not reach a residual of {tolerance:g} in {RESTARTS} restarts: raise tolerance") from None
    except ArpackError as error:
        if scaled.scale:
            raise Problem(f"Lanczos broke down: {error}") from None
        return np.zeros(k), np.eye(size, k)  # a random vector in the kernel: the matrix is 0, and ARPACK refuses it
    order = np.argsort(values)[::-1]
    return values[order] * (scaled.scale or 1.0), vectors[:, order]


def residuals(image: Product, values: Vector, vectors: npt.NDArray[np.float64]) -> Vector:
    """‖Hv − λv‖ (k,) of each pair: so near λ is an eigenvalue, whatever rounding did to v."""
    return np.array([np.linalg.norm(image(v) - value * v) for value, v in zip(values, vectors.T, strict=True)])


def _start(place: Place, product_of: Callable[[Place], Product], k: int, random: np.random.Generator) -> Vector:
    """A random vector, or where there are rows enough, one near the eigenvectors of the matrix over a sample of them.

    Lanczos then takes 6 products where 9 to 17 from a random vector, and one over a sixteenth of the rows costs little.
    """
    stray = random.standard_normal(len(place.theta))
    if place.sample is None:
        return stray
    _, vectors = largest(product_of(place.sample), stray, k, SAMPLE_TOLERANCE, random)
    return vectors.sum(axis=1) + STRAY * stray / np.linalg.norm(stray)


def _measured(place: Place, product_of: Callable[[Place], Product], k: int, tolerance: float, record: str) -> Iterator[Value]:
    size, random = len(place.theta), place.random(record)
    known = min(k, size)
    product = Remembered(product_of(place), basis_of(size, known))
    values, vectors = largest(product, _start(place, product_of, known, random), known, tolerance, random)
    for value, error, vector in zip(values, residuals(product.image, values, vectors), vectors.T, strict=True):

        def over(part: Place, vector: Vector = vector) -> float:
            return float(vector @ product_of(part)(vector))

        yield Value(float(value), float(error), over=over)
    for _ in range(k - size):
        yield Value(message=f"the model has {size} parameters, and no more eigenvalues than that")


def lambda_max(place: Place, settings: Mapping[str, Any]) -> Iterator[Value]:
    """The k largest eigenvalues of the Hessian, each with its residual ‖Hv − λv‖."""
    yield from _measured(place, Place.hessian, settings["k"], settings["tolerance"], "lambda_max")


def gauss_newton_max(place: Place, settings: Mapping[str, Any]) -> Iterator[Value]:
    """The largest eigenvalue of the Gauss-Newton matrix, with its residual ‖Gv − λv‖."""
    yield from _measured(place, Place.gauss_newton, 1, settings["tolerance"], "gauss_newton_max")
