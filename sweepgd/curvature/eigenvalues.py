"""The largest eigenvalues of the Hessian and of the Gauss-Newton matrix, by SciPy's Lanczos iteration. The iteration needs only
products of the matrix with vectors.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, LinearOperator, eigsh

from sweepgd.core.errors import SweepgdError
from sweepgd.curvature.hessian import Product, Vector
from sweepgd.curvature.point import Point, Value

# The number of Lanczos vectors between restarts. For at most this many parameters, the dense matrix costs no extra products.
# With 5 vectors, λmax reaches a residual of 1e-4 in 6 products from an eigenvector of a sample (trained digits and
# Fashion-MNIST networks). With 5 or 6 vectors, λmax takes 13 products from a random vector (mean of 9 networks, new and
# trained, with 12 starts each). A start from the gradient costs as many products as it saves.
BASIS = 5
RESTARTS = 100
# The residual of the sample's eigenvector, and the share of a random vector that is added to this eigenvector. With the random
# vector, the sum cannot be orthogonal to the eigenvector of all rows.
SAMPLE_TOLERANCE, RANDOM_SHARE = 3e-2, 0.1
# The largest distance between a Ritz vector and the span of the stored directions at which the vector's image is computed from
# the stored images.
SPAN_TOLERANCE = 1e-10


class CachedProduct:
    """A product that stores the last `count` directions and their images. The image of a vector in the span of the stored
    directions is computed from the stored images.
    """

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
        """Return the product with a unit vector.

        No new product is computed if the vector is in the span of the stored directions. The stored directions must be
        orthonormal, which holds for the Lanczos vectors since the last restart.
        """
        coordinates = [float(direction @ vector) for direction in self._directions]
        rest = np.array(vector, dtype=np.float64)
        for coordinate, direction in zip(coordinates, self._directions, strict=True):
            rest -= coordinate * direction
        if np.linalg.norm(rest) > SPAN_TOLERANCE:
            return self._product(vector)
        image = np.zeros_like(rest)
        for coordinate, stored in zip(coordinates, self._images, strict=True):
            image += coordinate * stored
        return image


class NormalizedProduct:
    """A product divided by the norm of its first nonzero image.

    ARPACK's tolerance is relative to max(|λ|, 4e-11), but all eigenvalues of a network of dead ReLU units may be far smaller.
    """

    def __init__(self, product: Product) -> None:
        self._product = product
        self.scale = 0.0

    def __call__(self, direction: npt.NDArray[np.floating]) -> Vector:
        image = self._product(direction)
        self.scale = self.scale or float(np.linalg.norm(image))
        return image / (self.scale or 1.0)


def basis_size(size: int, k: int) -> int:
    """Return the number of Lanczos vectors for the `k` largest of `size` eigenvalues."""
    return min(size, max(2 * k + 1, BASIS))


def dense(product: Product, size: int) -> npt.NDArray[np.float64]:
    """Return the symmetric matrix, (size, size), that `product` multiplies by."""
    matrix = np.array([product(row) for row in np.eye(size)])
    return (matrix + matrix.T) / 2.0


def largest(
    product: Product, start: Vector, k: int, tolerance: float, random: np.random.Generator
) -> tuple[Vector, npt.NDArray[np.float64]]:
    """Return the `k` ≤ size largest eigenvalues (k,) of a symmetric matrix, descending, and unit eigenvectors (size, k).

    The method is the implicitly restarted Lanczos iteration (Lanczos 1950, ARPACK) from `start` (size,). The iteration ends
    when every residual ‖Hv − λv‖ is at most `tolerance` · |λ|. A multiple eigenvalue may be found only once. Raise SweepgdError
    after RESTARTS restarts.
    """
    size = len(start)
    basis = basis_size(size, k)
    if size <= basis:
        values, vectors = np.linalg.eigh(dense(product, size))
        return values[::-1][:k], vectors[:, ::-1][:, :k]
    normalized = NormalizedProduct(product)
    operator = LinearOperator((size, size), matvec=normalized, dtype=np.float64)
    try:
        values, vectors = eigsh(operator, k, which="LA", v0=start, ncv=basis, tol=tolerance, maxiter=RESTARTS, rng=random)
    except ArpackNoConvergence:
        raise SweepgdError(
            f"Lanczos did not reach a residual of {tolerance:g} in {RESTARTS} restarts: raise tolerance"
        ) from None
    except ArpackError as error:
        if normalized.scale:
            raise SweepgdError(f"Lanczos broke down: {error}") from None
        return np.zeros(k), np.eye(size, k)  # if the image of a random vector is 0, the matrix is 0, which ARPACK refuses
    order = np.argsort(values)[::-1]
    return values[order] * (normalized.scale or 1.0), vectors[:, order]


def residuals(image: Product, values: Vector, vectors: npt.NDArray[np.float64]) -> Vector:
    """Return ‖Hv − λv‖ of each pair λ, v, (k,). An eigenvalue lies within this distance of λ, even if v has rounding errors."""
    return np.array([np.linalg.norm(image(v) - value * v) for value, v in zip(values, vectors.T, strict=True)])


def _start(point: Point, product_of: Callable[[Point], Product], k: int, random: np.random.Generator) -> Vector:
    """Return the start of Lanczos.

    If there is a sample of rows, the start is near the leading eigenvectors over the sample. Lanczos then takes 6 products
    instead of 9 to 17. The products for the start cost little, because each product uses a sixteenth of the rows. Without a
    sample, the start is random.
    """
    random_vector = random.standard_normal(len(point.theta))
    if point.sample is None:
        return random_vector
    _, vectors = largest(product_of(point.sample), random_vector, k, SAMPLE_TOLERANCE, random)
    return vectors.sum(axis=1) + RANDOM_SHARE * random_vector / np.linalg.norm(random_vector)


def _measured(point: Point, product_of: Callable[[Point], Product], k: int, tolerance: float, record: str) -> Iterator[Value]:
    size, random = len(point.theta), point.random(record)
    count = min(k, size)
    product = CachedProduct(product_of(point), basis_size(size, count))
    values, vectors = largest(product, _start(point, product_of, count, random), count, tolerance, random)
    for value, error, vector in zip(values, residuals(product.image, values, vectors), vectors.T, strict=True):

        def over(part: Point, vector: Vector = vector) -> float:
            return float(vector @ product_of(part)(vector))

        yield Value(float(value), float(error), over=over)
    for _ in range(k - size):
        yield Value(message=f"the model has only {size} parameters, and therefore only {size} eigenvalues")


def lambda_max(point: Point, settings: Mapping[str, Any]) -> Iterator[Value]:
    """Yield the k largest eigenvalues of the Hessian, each with its residual ‖Hv − λv‖."""
    yield from _measured(point, Point.hessian, settings["k"], settings["tolerance"], "lambda_max")


def gauss_newton_max(point: Point, settings: Mapping[str, Any]) -> Iterator[Value]:
    """Yield the largest eigenvalue of the Gauss-Newton matrix, with its residual ‖Gv − λv‖."""
    yield from _measured(point, Point.gauss_newton, 1, settings["tolerance"], "gauss_newton_max")
