"""The second-order kernels of a model, bound to the rows of an objective."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from sweepgd.core.aligned_arrays import aligned
from sweepgd.kernels import signatures
from sweepgd.kernels.numpy_warnings import without_numpy_warnings
from sweepgd.kernels.subnormals import flush, restore
from sweepgd.models import Architecture

Vector: TypeAlias = npt.NDArray[np.float64]
Product: TypeAlias = Callable[[npt.NDArray[np.floating]], Vector]

# The memory limit in bytes for values that products keep for further directions. For a network 784-512-512-10 in float32, the
# activations and derivatives of 10,000 rows take 114 MB and save a quarter of each product. The values of 60,000 rows would
# take 0.7 GB, which is too much if there are many workers.
KEPT_BYTES = 1 << 28


def chunks(rows: npt.NDArray[np.int64], size: int) -> list[npt.NDArray[np.int64]]:
    """Return row indices in chunks of `size`."""
    return np.split(rows, range(size, len(rows), size))


class SecondOrder:
    """Products and second moments over all rows of `data`. `data` is a tuple of the model's buffers, inputs and targets of the
    same dtype, except that inputs may be bytes.
    """

    def __init__(self, architecture: Architecture, data: tuple[npt.NDArray[Any], ...]) -> None:
        assert architecture.curvature is not None
        curvature, self._data, self._dtype = architecture.curvature, data, str(data[2].dtype)
        self._model = (architecture.layout, architecture.settings)
        self._chunks = chunks(np.arange(len(data[1])), curvature.chunk)
        self._shares = [len(chunk) / len(data[1]) for chunk in self._chunks]
        largest = len(self._chunks[0])
        self._kept_sizes = [curvature.kept(len(chunk)) for chunk in self._chunks]
        self._keeps = sum(self._kept_sizes) * data[2].itemsize <= KEPT_BYTES
        if not self._keeps:
            self._kept_sizes = [curvature.kept(largest)]
        self._kept: list[npt.NDArray[np.floating]] = []
        self._kept_at: npt.NDArray[np.floating] | None = None
        self._kept_buffers = data[0].copy()
        self._work = aligned((curvature.workspace(largest),), self._dtype)
        self._direction, self._out = (aligned((architecture.parameters,), self._dtype) for _ in range(2))
        self._curvature, self._reading = curvature, signatures.variant(self._dtype, data[1].dtype)
        self._flush, self._restore = (
            signatures.entry(kind, function, self._dtype) for kind, function in (("flush", flush), ("restore", restore))
        )

    @property
    def has_moments(self) -> bool:
        """True if the model has a kernel of second moments."""
        return self._curvature.second_moments is not None

    # Kernels are compiled at first use, because each takes up to 20 s, and few measures need both.
    @cached_property
    def _product(self) -> Callable[..., Any]:
        return signatures.entry("product", self._curvature.product, self._reading)

    @cached_property
    def _moments(self) -> Callable[..., Any]:
        assert self._curvature.second_moments is not None
        return signatures.entry("second_moments", self._curvature.second_moments, self._reading)

    def product(self, theta: npt.NDArray[np.floating], gauss_newton: bool) -> Product:
        """Return the function that multiplies a vector by the Hessian or Gauss-Newton matrix at `theta`.

        Values that depend only on theta are kept until a product at another theta is computed.
        """
        at = self._copy(theta)
        if not self._kept:
            self._kept = [aligned((size,), self._dtype) for size in self._kept_sizes]

        @without_numpy_warnings
        def multiply(direction: npt.NDArray[np.floating]) -> Vector:
            before = self._kept_at if self._keeps else None
            fresh = before is None or not (before is at or np.array_equal(before, at))
            fresh = fresh or not np.array_equal(self._kept_buffers, self._data[0])
            self._direction[:] = direction

            def of_chunk(number: int, rows: npt.NDArray[np.int64]) -> None:
                kept = self._kept[number if self._keeps else 0]
                self._product(
                    *(at, self._direction, *self._data, rows, *self._model),
                    *(gauss_newton, fresh, kept, self._work, self._out),
                )

            if fresh:
                self._kept_at = None  # after an interrupt, incomplete values must not be marked as valid
            total = self._over_chunks(of_chunk)
            self._kept_at, self._kept_buffers = at, self._data[0].copy()
            return total

        return multiply

    @without_numpy_warnings
    def moments(self, theta: npt.NDArray[np.floating], fisher: bool) -> Vector:
        """Return the mean over rows of the squared gradient of each row, elementwise (`Objective.second_moments`)."""
        at, kernel = self._copy(theta), self._moments

        def of_chunk(number: int, rows: npt.NDArray[np.int64]) -> None:
            kernel(at, *self._data, rows, *self._model, fisher, self._work, self._out)

        return self._over_chunks(of_chunk)

    def _over_chunks(self, kernel: Callable[[int, npt.NDArray[np.int64]], Any]) -> Vector:
        """Return the mean over all rows of the vectors that the kernel writes for each chunk."""
        total = np.zeros(len(self._out))
        before = self._flush()
        try:
            for number, (rows, share) in enumerate(zip(self._chunks, self._shares, strict=True)):
                kernel(number, rows)
                total += share * self._out
        finally:
            self._restore(before)
        return total

    def _copy(self, theta: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        copy = aligned(theta.shape, self._dtype)
        copy[:] = theta
        return copy
