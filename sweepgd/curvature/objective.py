"""The mean loss over fixed rows as a function of the parameters: its gradient, Hessian products and second moments."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sweepgd.data import Part
from sweepgd.kernels import signatures
from sweepgd.memory import aligned
from sweepgd.models import Architecture
from sweepgd.streams import MEASURE, stream

Vector = npt.NDArray[np.float64]

# Half the step of a difference of gradients, relative to the parameters' size: the cube root of the precision balances the
# error of the difference, h², and of the subtraction, precision/h.
STEP = np.cbrt(np.finfo(np.float64).eps)


def subset(part: Part, rows: int | str, seed: int) -> Part:
    """`rows` rows of a part, drawn at random without replacement, the same ones for the same seed; "full" or more: all."""
    if rows == "full" or int(rows) >= len(part.inputs):
        return part
    chosen = np.sort(stream(seed, MEASURE).choice(len(part.inputs), int(rows), replace=False))
    return Part(part.inputs[chosen], part.targets[chosen])


class Objective:
    """The mean loss of a model over all rows of `part`. Vectors in and out are float64, (parameters,); the work is done in the
    dtype of the part, or in float64 where the model has no kernels of second order and `exact` is False: Hessian products are
    then differences of gradients.
    """

    def __init__(self, architecture: Architecture, part: Part) -> None:
        self.exact = architecture.curvature is not None
        self.dtype = str(part.inputs.dtype) if self.exact else "float64"
        self.layout, self.parameters = architecture.layout, architecture.parameters
        self.rows = len(part.inputs)
        self._architecture = architecture
        self._inputs, self._targets = (np.ascontiguousarray(a, dtype=self.dtype) for a in (part.inputs, part.targets))
        for array in (self._inputs, self._targets):
            array.flags.writeable = False
        self._buffers = np.zeros(architecture.buffers, dtype=self.dtype)
        self._chunks = [
            np.arange(first, min(first + architecture.chunk, self.rows)) for first in range(0, self.rows, architecture.chunk)
        ]
        self._work = aligned((architecture.workspace(architecture.chunk),), self.dtype)
        self._out = aligned((self.parameters,), self.dtype)
        self._gradient = signatures.compiled("gradient", architecture.gradient, self.dtype)
        self._evaluate = signatures.compiled("evaluate", architecture.evaluate, self.dtype)

    def _cast(self, vector: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        return np.ascontiguousarray(vector, dtype=self.dtype)

    def evaluate(self, theta: npt.NDArray[np.floating]) -> tuple[float, float]:
        """Loss, and the share of rows misclassified (NaN for regression)."""
        model = self._architecture
        loss, error = self._evaluate(
            self._cast(theta), self._buffers, self._inputs, self._targets, model.layout, model.settings, self._work
        )
        return float(loss), float(error)

    def loss(self, theta: npt.NDArray[np.floating]) -> float:
        """The mean loss."""
        return self.evaluate(theta)[0]

    def gradient(self, theta: npt.NDArray[np.floating], rows: npt.NDArray[np.int64] | None = None) -> tuple[float, Vector]:
        """Mean loss and its gradient, over all rows or the numbered ones."""
        model, at = self._architecture, self._cast(theta)
        chunks = self._chunks if rows is None else np.split(rows, range(model.chunk, len(rows), model.chunk))
        count = self.rows if rows is None else len(rows)
        total, gradient = 0.0, np.zeros(self.parameters)
        for chunk in chunks:
            loss = self._gradient(
                *(at, self._buffers, self._inputs, self._targets, chunk, model.layout, model.settings),
                *(0, False, self._work, self._out),
            )
            total += loss * len(chunk) / count
            gradient += self._out * (len(chunk) / count)
        return total, gradient

    def hessian(self, theta: npt.NDArray[np.floating]) -> Callable[[Vector], Vector]:
        """The function that multiplies a vector by the Hessian at `theta`."""
        at = np.array(theta, dtype=np.float64)

        def product(direction: Vector) -> Vector:
            norm = float(np.linalg.norm(direction))
            if norm == 0.0:
                return np.zeros_like(at)
            step = STEP * (1.0 + float(np.linalg.norm(at))) / norm
            above, below = (self.gradient(at + side * step * direction)[1] for side in (1.0, -1.0))
            return (above - below) / (2.0 * step)

        return product
