"""The mean loss over fixed rows as a function of the parameters, with gradient, Hessian products and second moments."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.aligned_arrays import aligned
from sweepgd.core.errors import SweepgdError
from sweepgd.core.random_streams import MEASURE, stream
from sweepgd.curvature.hessian import Product, SecondOrder, Vector, chunks
from sweepgd.data import Part
from sweepgd.kernels import signatures
from sweepgd.kernels.numpy_warnings import without_numpy_warnings
from sweepgd.models import Architecture
from sweepgd.models.buffers import initial_buffers, parameters_in

# Half the step h of a central difference of gradients, relative to the norm of the parameters. The relative rounding error is
# about precision/h, 1e-8. A larger step has a smaller one, but crosses more of the points where ReLU has no derivative.
STEP = np.sqrt(np.finfo(np.float64).eps)

# A sample is every 16th row, if there are at least 1024 rows. With fewer rows, a sample would save less time than the calls of
# kernels take.
SAMPLE_STRIDE, MIN_SAMPLED_ROWS = 16, 1024

# The number of groups into which the rows of a subset are divided. There are enough groups for a standard error, and so few
# that products over all groups cost little more than one product over all rows.
GROUPS = 8


def subset(part: Part, rows: int | str, seed: int) -> Part:
    """Return `rows` random rows of a part of the data, drawn without replacement. Return all rows if `rows` is "full" or
    exceeds the number of rows.
    """
    if rows == "full" or int(rows) >= len(part.inputs):
        return part
    chosen = np.sort(stream(seed, MEASURE).choice(len(part.inputs), int(rows), replace=False))
    return Part(part.inputs[chosen], part.targets[chosen], part.scaling)


def groups(part: Part, seed: int) -> list[Part]:
    """Return the rows of a part of the data in random groups whose sizes differ by at most one row. There are GROUPS groups.
    With fewer than GROUPS rows, each row is a group.
    """
    order = stream(seed, MEASURE, *b"groups").permutation(len(part.inputs))
    parts = np.array_split(order, min(GROUPS, len(order)))
    return [Part(part.inputs[rows], part.targets[rows], part.scaling) for rows in parts]


class Objective:
    """The mean loss of a model over all rows of `part`.

    Arguments and results are float64 vectors, (parameters,), but kernels compute in the dtype of the part. An argument may also
    be a recorded vector, (recorded,), whose buffers are used from then on (`use`). Models are in evaluation mode. If the model
    has no second-order kernels, `exact` is False, kernels compute in float64, and Hessian products are differences of
    gradients.
    """

    def __init__(self, architecture: Architecture, part: Part, buffers: npt.NDArray[np.floating] | None = None) -> None:
        """`buffers` are those of another objective, which both objectives then share."""
        self.exact = architecture.curvature is not None
        # The inputs may be bytes, which kernels convert.
        self.dtype = str(part.targets.dtype) if self.exact else "float64"
        self.layout, self.parameters = architecture.layout, architecture.parameters
        self.rows = len(part.inputs)
        self._architecture = architecture
        inputs = np.ascontiguousarray(part.inputs, dtype=self.dtype if part.scaling is None else None)
        self._scaling, self._reading = part.scaling, signatures.variant(self.dtype, inputs.dtype)
        self.buffers = initial_buffers(architecture, self.dtype, part.scaling) if buffers is None else buffers
        self._data = (self.buffers, inputs, np.ascontiguousarray(part.targets, dtype=self.dtype))
        self._model = (architecture.layout, architecture.settings)
        self._work = aligned((architecture.workspace(architecture.chunk),), self.dtype)
        self._out = aligned((self.parameters,), self.dtype)
        self._chunks = chunks(np.arange(self.rows), architecture.chunk)
        self.summed = len(self._chunks[0])
        """The number of rows that a kernel sums up in `dtype`. These sums are then added in float64."""

    # Kernels are compiled at first use, because `rows` and `dtype` need no kernel, and losses need no second-order kernel.
    @cached_property
    def _gradient(self) -> Callable[..., Any]:
        return signatures.entry("gradient", self._architecture.gradient, self._reading)

    @cached_property
    def _evaluate(self) -> Callable[..., Any]:
        return signatures.entry("evaluate", self._architecture.evaluate, self._reading)

    @cached_property
    def _second(self) -> SecondOrder | None:
        return SecondOrder(self._architecture, self._data) if self.exact else None

    @cached_property
    def sample(self) -> "Objective | None":
        """The objective over every SAMPLE_STRIDE-th row, or None if there are fewer than MIN_SAMPLED_ROWS rows."""
        _, inputs, targets = self._data
        part = Part(inputs[::SAMPLE_STRIDE], targets[::SAMPLE_STRIDE], self._scaling)
        return Objective(self._architecture, part, self.buffers) if self.rows >= MIN_SAMPLED_ROWS else None

    def use(self, recorded: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Return the parameters in a recorded vector, and use its buffers from now on."""
        return parameters_in(self._architecture, recorded, self.buffers)

    def _cast(self, vector: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        return np.ascontiguousarray(self.use(vector), dtype=self.dtype)

    @without_numpy_warnings
    def evaluate(self, theta: npt.NDArray[np.floating]) -> tuple[float, float]:
        """Return the mean loss, and the share of misclassified rows (NaN for regression)."""
        loss, error = self._evaluate(self._cast(theta), *self._data, *self._model, self._work)
        return float(loss), float(error)

    def loss(self, theta: npt.NDArray[np.floating]) -> float:
        """Return the mean loss."""
        return self.evaluate(theta)[0]

    @without_numpy_warnings
    def gradient(self, theta: npt.NDArray[np.floating], rows: npt.NDArray[np.int64] | None = None) -> tuple[float, Vector]:
        """Return the mean loss and its gradient, over all rows or over the rows with indices `rows`."""
        at, size = self._cast(theta), self._architecture.chunk
        parts = self._chunks if rows is None else chunks(np.ascontiguousarray(rows, dtype=np.int64), size)
        count = sum(map(len, parts))
        total, gradient = 0.0, np.zeros(self.parameters)
        for part in parts:
            loss = self._gradient(at, *self._data, part, *self._model, 0, False, self._work, self._out)
            total += loss * len(part) / count
            gradient += self._out * (len(part) / count)
        return total, gradient

    def hessian(self, theta: npt.NDArray[np.floating]) -> Product:
        """Return the function that multiplies a vector by the Hessian at `theta`."""
        return self._second.product(theta, gauss_newton=False) if self._second else self._differences(theta)

    def gauss_newton(self, theta: npt.NDArray[np.floating]) -> Product:
        """Return the function that multiplies a vector by the Gauss-Newton matrix at `theta`. Raise SweepgdError if the model
        has no kernel for the product.
        """
        if self._second is None:
            raise SweepgdError("the Gauss-Newton matrix needs a kernel (`curvature.product`), but this model has none")
        return self._second.product(theta, gauss_newton=True)

    def second_moments(self, theta: npt.NDArray[np.floating], fisher: bool = False) -> Vector:
        """Return the mean over rows of the squared gradient of each row, elementwise.

        With `fisher`, return the expectation of this mean over targets drawn from the model's distribution. Raise SweepgdError
        if the model has no kernel for the expectation.
        """
        if self._second and self._second.has_moments:
            return self._second.moments(theta, fisher)
        if fisher:
            raise SweepgdError(
                "the Fisher information needs a kernel that knows the model's distribution over targets"
                " (`curvature.second_moments`), but this model has none"
            )
        total = np.zeros(self.parameters)
        for row in range(self.rows):
            total += self.gradient(theta, np.array([row]))[1] ** 2
        return total / self.rows

    def _differences(self, theta: npt.NDArray[np.floating]) -> Product:
        """Return the function that computes Hessian products at `theta` as central differences of gradients."""
        at = np.array(theta, dtype=np.float64)

        def product(direction: npt.NDArray[np.floating]) -> Vector:
            norm = float(np.linalg.norm(direction))
            if norm == 0.0:
                return np.zeros_like(at)
            step = STEP * (1.0 + float(np.linalg.norm(at))) / norm
            above, below = (self.gradient(at + side * step * direction)[1] for side in (1.0, -1.0))
            return (above - below) / (2.0 * step)

        return product
