"""A model's compiled kernels called with memory full of NaN, so that reading before writing shows."""

import numpy as np

from sweepgd.data import Part
from sweepgd.kernels import signatures
from sweepgd.models import Architecture


def loss_and_gradient(architecture: Architecture, weights, part: Part, rows=None) -> tuple[float, np.ndarray]:
    """Mean loss over the given rows (all by default) and its gradient, by the model's compiled kernel."""
    dtype = part.inputs.dtype.name
    rows = np.arange(len(part.inputs)) if rows is None else np.asarray(rows)
    out = np.full(architecture.parameters, np.nan, dtype)
    loss = signatures.compiled("gradient", architecture.gradient, dtype)(
        np.asarray(weights, dtype), np.zeros(architecture.buffers, dtype), part.inputs, part.targets, rows,
        architecture.layout, architecture.settings, 0, True, _workspace(architecture, len(rows), dtype), out,
    )  # fmt: skip
    return loss, out


def loss_and_error(architecture: Architecture, weights, part: Part) -> tuple[float, float]:
    """Mean loss over all rows and the share of them misclassified, by the model's compiled kernel."""
    dtype = part.inputs.dtype.name
    return signatures.compiled("evaluate", architecture.evaluate, dtype)(
        np.asarray(weights, dtype), np.zeros(architecture.buffers, dtype), part.inputs, part.targets,
        architecture.layout, architecture.settings, _workspace(architecture, architecture.chunk, dtype),
    )  # fmt: skip


def evaluation_with_gradient(architecture: Architecture, weights, part: Part) -> tuple[float, float, np.ndarray]:
    """Mean loss over all rows, the share of them misclassified, and the gradient, by the kernel that makes one pass."""
    dtype = part.inputs.dtype.name
    out = np.full(architecture.parameters, np.nan, dtype)
    loss, error = signatures.compiled("evaluate_with_gradient", architecture.evaluate_with_gradient, dtype)(
        np.asarray(weights, dtype), np.zeros(architecture.buffers, dtype), part.inputs, part.targets,
        architecture.layout, architecture.settings, _workspace(architecture, architecture.chunk, dtype), out,
    )  # fmt: skip
    return loss, error, out


def predictions(architecture: Architecture, weights, inputs) -> np.ndarray:
    """The model's outputs, (rows, outputs), by its compiled kernel."""
    dtype = inputs.dtype.name
    outputs = np.full((len(inputs), architecture.outputs), np.nan, dtype)
    signatures.compiled("predict", architecture.predict, dtype)(
        np.asarray(weights, dtype), np.zeros(architecture.buffers, dtype), inputs, architecture.layout, architecture.settings,
        _workspace(architecture, architecture.chunk, dtype), outputs,
    )  # fmt: skip
    return outputs


class Products:
    """A model's compiled kernels of second order over the given rows (all by default) of a part, with memory full of NaN."""

    def __init__(self, architecture: Architecture, part: Part, rows=None) -> None:
        assert architecture.curvature is not None
        self._curvature, self._dtype = architecture.curvature, part.inputs.dtype.name
        rows = np.arange(len(part.inputs)) if rows is None else np.asarray(rows)
        buffers = np.zeros(architecture.buffers, self._dtype)
        self._with = (buffers, part.inputs, part.targets, rows, architecture.layout, architecture.settings)
        self._kept = np.full(self._curvature.kept(len(rows)), np.nan, self._dtype)
        self._work = np.full(self._curvature.workspace(len(rows)), np.nan, self._dtype)

    def product(self, weights, direction, *, gauss_newton: bool = False, fresh: bool = True) -> np.ndarray:
        """The Hessian or Gauss-Newton matrix times a direction."""
        vectors = (np.asarray(vector, self._dtype) for vector in (weights, direction))
        out = np.full(len(weights), np.nan, self._dtype)
        kernel = signatures.compiled("product", self._curvature.product, self._dtype)
        kernel(*vectors, *self._with, gauss_newton, fresh, self._kept, self._work, out)
        return out

    def matrix(self, weights, *, gauss_newton: bool = False) -> np.ndarray:
        """All of it, column by column; all but the first use what the first one kept."""
        units = np.eye(len(weights))
        columns = [self.product(weights, unit, gauss_newton=gauss_newton, fresh=not at) for at, unit in enumerate(units)]
        return np.array(columns).T

    def second_moments(self, weights, *, fisher: bool = False) -> np.ndarray:
        """The mean over rows of squared gradients."""
        out = np.full(len(weights), np.nan, self._dtype)
        kernel = signatures.compiled("second_moments", self._curvature.second_moments, self._dtype)
        kernel(np.asarray(weights, self._dtype), *self._with, fisher, self._work, out)
        return out


def _workspace(architecture: Architecture, rows: int, dtype: str) -> np.ndarray:
    """Scratch memory full of NaN, so that none of it can be read before it is written."""
    return np.full(architecture.workspace(max(rows, architecture.chunk)), np.nan, dtype)
