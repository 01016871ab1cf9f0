"""The compiled kernels of a trained model: its outputs for rows, and its loss and error on rows with targets."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.aligned_arrays import aligned
from sweepgd.kernels import signatures
from sweepgd.kernels.numpy_warnings import without_numpy_warnings
from sweepgd.models import Architecture
from sweepgd.models.buffers import initial_buffers, parameters_in
from sweepgd.training.blas_threads import one_blas_thread

Array = npt.NDArray[Any]


class CompiledModel:
    """The kernels of an architecture at `parameters`, (recorded,), in the dtype of `parameters`. The results are the same as
    in the evaluations of a run.
    """

    def __init__(self, architecture: Architecture, parameters: Array) -> None:
        assert architecture.predict is not None
        dtype = str(parameters.dtype)
        self._buffers = initial_buffers(architecture, dtype)
        theta = parameters_in(architecture, parameters, self._buffers)
        self._theta = aligned(theta.shape, dtype)
        self._theta[:] = theta
        self._predict = signatures.entry("predict", architecture.predict, dtype)
        self._evaluate = signatures.entry("evaluate", architecture.evaluate, dtype)
        self._outputs = architecture.outputs
        self._layout, self._settings = architecture.layout, architecture.settings
        self._work = aligned((architecture.workspace(max(1, architecture.chunk)),), dtype)

    @without_numpy_warnings
    def outputs(self, inputs: Array) -> Array:
        """Return the outputs, (rows, outputs): logits or predicted targets."""
        found = np.empty((len(inputs), self._outputs), self._theta.dtype)
        with one_blas_thread():
            self._predict(self._theta, self._buffers, inputs, self._layout, self._settings, self._work, found)
        return found

    @without_numpy_warnings
    def evaluate(self, inputs: Array, targets: Array) -> tuple[float, float]:
        """Return the mean loss, and the share of misclassified rows (NaN for a regression)."""
        with one_blas_thread():
            return self._evaluate(self._theta, self._buffers, inputs, targets, self._layout, self._settings, self._work)
