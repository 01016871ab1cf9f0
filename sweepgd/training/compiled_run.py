"""The arrays of a run and its compiled kernels, which make updates and evaluate parameters."""

from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.aligned_arrays import aligned
from sweepgd.data import Data, Part
from sweepgd.kernels import signatures
from sweepgd.kernels.numpy_warnings import without_numpy_warnings
from sweepgd.kernels.subnormals import flush, restore
from sweepgd.kernels.trainer import EvaluationResult, evaluate_parts, no_evaluation_with_gradient, no_probe, train
from sweepgd.models import Architecture
from sweepgd.models.buffers import initial_buffers, joined, parameters_in
from sweepgd.optimizers import Optimizer, slot_matrix
from sweepgd.sweep.configuration import Configuration

Array = npt.NDArray[Any]


class CompiledRun:
    """The parameters `theta` (parameters,) of a run, the optimizer's `slots`, the scratch memory and the compiled kernels."""

    def __init__(
        self,
        optimizer: Optimizer,
        configuration: Configuration,
        architecture: Architecture,
        data: Data,
        *,
        initial: Array,
        key: int,
        batch: int,
        dtype: str,
        gradient_norm: bool = True,
    ) -> None:
        """Without `gradient_norm`, evaluations do not compute the norm of the gradient."""
        # The buffers of training, and those at the parameters that are evaluated.
        self._buffers, self._evaluated_buffers = (initial_buffers(architecture, dtype, data.train.scaling) for _ in range(2))
        self._architecture = architecture
        start = parameters_in(architecture, initial, self._buffers)
        self.theta = aligned(start.shape, dtype)
        self.theta[:] = start
        self.slots = slot_matrix(optimizer, architecture.layout, dtype)
        self._penalty, self._key = configuration.weight_decay, key
        self._layout, self._hyper = architecture.layout, optimizer.hyper(configuration.hyperparameters)
        self._workspace, self._work_rows = architecture.workspace, max(batch, architecture.chunk)
        self._work = aligned((architecture.workspace(self._work_rows),), dtype)
        self._out, self._point, self._total = (aligned(start.shape, dtype) for _ in range(3))

        reading = signatures.variant(dtype, data.train.inputs.dtype)
        gradient = signatures.address("gradient", architecture.gradient, reading)
        evaluate = signatures.address("evaluate", architecture.evaluate, reading)
        with_gradient = architecture.evaluate_with_gradient or no_evaluation_with_gradient
        evaluate_with_gradient = signatures.address("evaluate_with_gradient", with_gradient, reading)
        update = signatures.address("update", optimizer.update, dtype)
        probe = signatures.address("probe", optimizer.probe or no_probe, dtype)
        self._evaluation = signatures.compiled("evaluation", optimizer.evaluation, dtype) if optimizer.evaluation else None
        self._train = signatures.entry("train", train, reading)
        self._evaluate_parts = signatures.entry("evaluate_parts", evaluate_parts, reading)
        self._flush, self._restore = signatures.entry("flush", flush, dtype), signatures.entry("restore", restore, dtype)

        # The arguments that are the same in every call, in the order of the kernels' parameters.
        buffers, settings = self._evaluated_buffers, architecture.settings
        empty = Part(data.train.inputs[:0], data.train.targets[:0])
        parts = (data.train, data.validation or empty, data.test or empty)
        arrays = [array for part in parts for array in (part.inputs, part.targets)]
        self._train_with = (
            *(gradient, update, probe, optimizer.probe is not None),
            *(self.theta, self._buffers, self.slots, self._layout, settings, self._hyper),
            *arrays[:2],
        )
        has_both = architecture.evaluate_with_gradient is not None
        self._evaluate_parts_kernels = (gradient, evaluate, evaluate_with_gradient, has_both, gradient_norm)
        self._evaluate = signatures.entry("evaluate", architecture.evaluate, reading)
        self._predict, self._outputs = architecture.predict, architecture.outputs
        self._evaluate_with = (buffers, self._layout, settings)
        self._evaluate_parts_with = (buffers, self._layout, settings, *arrays, np.arange(data.rows), architecture.chunk)

    @without_numpy_warnings
    def train(self, order: Array, bounds: Array, rates: Array, first: int, limit: float) -> tuple[int, float, float]:
        """Make one update for each rate.

        Update number `first` + i uses the rows order[bounds[i]:bounds[i + 1]]. Return the number of updates made, the loss of
        the last mini-batch, and the loss of the mini-batch before that (see `sweepgd.kernels.trainer.train`).
        """
        before = self._flush()
        try:
            return self._train(
                *self._train_with, order, bounds, rates, first,
                self._penalty, self._key, limit, self._work, self._out, self._point,
            )  # fmt: skip
        finally:
            self._restore(before)

    @without_numpy_warnings
    def evaluate(self, parameters: Array) -> EvaluationResult:
        """Return the losses, errors and gradient norm at `parameters`, (recorded,)."""
        at = self._placed(parameters)
        return self._evaluate_parts(
            *self._evaluate_parts_kernels, at, *self._evaluate_parts_with, self._work, self._out, self._total
        )

    @without_numpy_warnings
    def error(self, parameters: Array, inputs: Array, targets: Array) -> float:
        """Return the share of these rows that the model misclassifies at `parameters`."""
        buffers, layout, settings = self._evaluate_with
        return self._evaluate(self._placed(parameters), buffers, inputs, targets, layout, settings, self._work)[1]

    @without_numpy_warnings
    def outputs(self, parameters: Array, inputs: Array) -> Array | None:
        """Return the model's outputs at `parameters`, (rows, outputs), or None for a model without the kernel `predict`."""
        if self._predict is None:
            return None
        dtype, (buffers, layout, settings) = str(parameters.dtype), self._evaluate_with
        outputs = np.empty((len(inputs), self._outputs), dtype)
        predict = signatures.entry("predict", self._predict, signatures.variant(dtype, inputs.dtype))
        predict(self._placed(parameters), buffers, inputs, layout, settings, self._work, outputs)
        return outputs

    @without_numpy_warnings
    def evaluated_parameters(self, updates: int) -> Array:
        """Return the parameters to evaluate after `updates` updates, with the recorded buffers, (recorded,). The parameters are
        a copy of `theta`, or derived from `theta` by the optimizer.
        """
        point = self.theta
        if self._evaluation is not None:
            point = np.empty_like(self.theta)
            self._evaluation(self.theta, self.slots, self._layout, self._hyper, updates, point)
        return joined(self._architecture, point, self._buffers)

    def _placed(self, recorded: Array) -> Array:
        """Return the parameters in a vector, (recorded,), after writing its buffers to the buffers of evaluations."""
        return parameters_in(self._architecture, recorded, self._evaluated_buffers)

    def reserve_scratch(self, batch: int) -> None:
        """Enlarge the scratch memory for batches of `batch` rows."""
        if batch > self._work_rows:
            self._work, self._work_rows = aligned((self._workspace(batch),), str(self.theta.dtype)), batch
