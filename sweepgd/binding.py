"""A run's arrays bound to its compiled kernels: the two calls by which training advances and looks at itself."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from sweepgd.configuration import Configuration
from sweepgd.data import Data, Part
from sweepgd.kernels import signatures
from sweepgd.kernels.loops import measure, no_probe, train
from sweepgd.kernels.policy import config
from sweepgd.kernels.subnormals import flush, restore
from sweepgd.memory import aligned
from sweepgd.models import Architecture
from sweepgd.optimizers import Optimizer, slot_matrix

Array = npt.NDArray[Any]

Call = TypeVar("Call", bound=Callable)


def quietly(call: Call) -> Call:
    """Silences NumPy where kernels run without JIT, which would warn of what becomes an outcome here.

    Compiled ones say nothing of an overflow, and a trial of 0.3 ms would enter the silence 12 times at 3 µs each.
    """
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")(call) if config.DISABLE_JIT else call


class Binding:
    """Owns a run's parameters `theta` (parameters,), the optimizer's `slots`, and all scratch memory."""

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
    ) -> None:
        self.theta = aligned(initial.shape, dtype)
        self.theta[:] = initial
        self.slots = slot_matrix(optimizer, architecture.layout, dtype)
        self._penalty, self._key = configuration.weight_decay, key
        self._layout, self._hyper = architecture.layout, optimizer.hyper(configuration.hyperparameters)
        self._workspace, self._work_rows = architecture.workspace, max(batch, architecture.chunk)
        self._work = aligned((architecture.workspace(self._work_rows),), dtype)
        self._out, self._point, self._total = (aligned(initial.shape, dtype) for _ in range(3))
        self._results = np.empty(7)

        gradient = signatures.address("gradient", architecture.gradient, dtype)
        evaluate = signatures.address("evaluate", architecture.evaluate, dtype)
        update = signatures.address("update", optimizer.update, dtype)
        probe = signatures.address("probe", optimizer.probe or no_probe, dtype)
        self._evaluation = signatures.compiled("evaluation", optimizer.evaluation, dtype) if optimizer.evaluation else None
        self._trainer, self._measurer = signatures.entry("train", train, dtype), signatures.entry("measure", measure, dtype)
        self._flush, self._restore = signatures.entry("flush", flush, dtype), signatures.entry("restore", restore, dtype)

        # What does not change from call to call, in the order of the kernels' arguments.
        buffers, settings = np.zeros(architecture.buffers, dtype=dtype), architecture.settings
        nothing = Part(data.train.inputs[:0], data.train.targets[:0])
        sides = (data.train, data.validation or nothing, data.test or nothing)
        parts = [array for side in sides for array in (side.inputs, side.targets)]
        self._train_with = (
            *(gradient, update, probe, optimizer.probe is not None),
            *(self.theta, buffers, self.slots, self._layout, settings, self._hyper),
            *parts[:2],
        )
        self._measure_by = (gradient, evaluate)
        self._evaluate = signatures.entry("evaluate", architecture.evaluate, dtype)
        self._evaluate_with = (buffers, self._layout, settings)
        self._measure_with = (buffers, self._layout, settings, *parts, np.arange(data.rows), architecture.chunk)

    @quietly
    def train(self, order: Array, bounds: Array, rates: Array, first: int, limit: float) -> tuple[int, float, float]:
        """Makes one update a rate, the first one number `first`, on the rows order[bounds[i]:bounds[i + 1]].

        Returns how many were made, the last mini-batch's loss, and that of the one before it (`sweepgd.kernels.loops.train`).
        """
        before = self._flush()
        try:
            return self._trainer(
                *self._train_with, order, bounds, rates, first,
                self._penalty, self._key, limit, self._work, self._out, self._point,
            )  # fmt: skip
        finally:
            self._restore(before)

    @quietly
    def measure(self, parameters: Array) -> list[float]:
        """Train, validation and test loss, the three errors, and the gradient's norm at `parameters`; NaN for what is not."""
        self._measurer(*self._measure_by, parameters, *self._measure_with, self._work, self._out, self._total, self._results)
        return self._results.tolist()

    @quietly
    def error(self, parameters: Array, inputs: Array, targets: Array) -> float:
        """The share of these rows that are misclassified at `parameters`."""
        buffers, layout, settings = self._evaluate_with
        return self._evaluate(parameters, buffers, inputs, targets, layout, settings, self._work)[1]

    @quietly
    def judged(self, updates: int) -> Array:
        """The weights to judge by after so many updates: a copy of those stepped, or what the optimizer makes of them."""
        if self._evaluation is None:
            return self.theta.copy()
        point = np.empty_like(self.theta)
        self._evaluation(self.theta, self.slots, self._layout, self._hyper, updates, point)
        return point

    def make_room(self, batch: int) -> None:
        """Grows the scratch memory to a batch of so many rows."""
        if batch > self._work_rows:
            self._work, self._work_rows = aligned((self._workspace(batch),), str(self.theta.dtype)), batch
