"""Compute the measures of a `[measure]` table at minimisers of one model on one data set."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import repeat
from math import inf
from time import monotonic, perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError
from sweepgd.curvature import (
    eigenvalues,
    gradient_noise,
    keskar_phi,
    norms,
    relative_flatness,
    sam_sharpness,
    spectral_density,
    trace,
)
from sweepgd.curvature.catalogue import EVALUATION_MODE, UNMEASURED, records_of, settings_of
from sweepgd.curvature.error_estimates import rows_error
from sweepgd.curvature.hessian import Vector
from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.curvature.objective import Objective, groups, subset
from sweepgd.curvature.point import Point, Value
from sweepgd.data import Data, Part
from sweepgd.models import Architecture

# The functions of the measures. Each function yields a Value for each name that `Measure.records` returns, in the same order.
MEASURE_FUNCTIONS: dict[str, Callable[[Point, Mapping[str, Any]], Iterator[Value]]] = {
    "lambda_max": eigenvalues.lambda_max,
    "gauss_newton_max": eigenvalues.gauss_newton_max,
    "trace": trace.trace,
    "spectral_density": spectral_density.spectral_density,
    "phi": keskar_phi.phi,
    "sam": sam_sharpness.sam,
    "asam": sam_sharpness.asam,
    "relative_flatness": relative_flatness.relative_flatness,
    "fisher_trace": gradient_noise.fisher_trace,
    "noise_scale": gradient_noise.noise_scale,
    "distance": norms.distance,
    "weight_norm": norms.weight_norm,
    "weight_norm_log_product": norms.weight_norm_log_product,
}
_USE_HESSIAN = ("lambda_max", "trace", "spectral_density", "relative_flatness")


@dataclass(frozen=True)
class Measurement:
    """One measured value.

    `error`, in the unit of `value`, is a residual, a standard error, or the shortfall of a maximum (see `shortfall`). `error`
    is None if no error is estimated. `message` is the reason for a missing value, or a limitation of the value. `rows_error` is
    the standard error that arises because the value is computed on a subset of the rows instead of all training rows.
    `rows_error` is None if all rows are measured or no error is estimated.

    `settings` holds all that is needed to repeat the measurement: the settings of the measure, `seed` and `rows` of the subset,
    `dtype`, `exact`, which is True if Hessian products are exact, and `mode`, "evaluation", for a model with another loss in
    training. `rescaling` is the factor by which layers were rescaled, or 1 for the trained weights. `seconds` is the time since
    the previous value of the same measure. `starts` (starts,) are the rises of the ascents of a maximum. `grid` and `density`,
    (points,) each, belong to a spectral density.
    """

    measure: str
    value: float | None
    error: float | None = None
    rows_error: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    message: str | None = None
    rescaling: float = 1.0
    seconds: float | None = None
    starts: npt.NDArray[np.float64] | None = None
    grid: npt.NDArray[np.float64] | None = None
    density: npt.NDArray[np.float64] | None = None


class Measurer:
    """Computes the measures of a `[measure]` table at any parameters of a model."""

    def __init__(self, architecture: Architecture, data: Data, spec: MeasureSpec) -> None:
        self.spec = spec
        part = subset(data.train, spec.rows, spec.seed)
        if spec.dtype is not None:
            inputs = part.inputs.astype(spec.dtype) if part.scaling is None else part.inputs
            part = Part(inputs, part.targets.astype(spec.dtype), part.scaling)
        self.objective = Objective(architecture, part)
        self.training_rows = len(data.train.inputs)
        """The number of all training rows, including rows that are not measured."""
        self._architecture, self._part = architecture, part
        self._rescaled = architecture.curvature.rescaled if architecture.curvature else None
        self.rescalings = (1.0,) if spec.rescale in (None, 1.0) else (1.0, spec.rescale)
        """The factors of the rescalings to measure. A factor of 1 stands for the trained weights."""

    @cached_property
    def _groups(self) -> list[Objective]:
        """The loss over groups of the measured rows."""
        return [Objective(self._architecture, part, self.objective.buffers) for part in groups(self._part, self.spec.seed)]

    @np.errstate(all="ignore")  # results are checked for overflow, which becomes a message
    def measure(
        self,
        parameters: npt.NDArray[np.floating],
        initial: npt.NDArray[np.floating],
        *,
        names: tuple[str, ...] | None = None,
        rescalings: tuple[float, ...] | None = None,
        deadline: float = inf,
    ) -> list[Measurement]:
        """Return all measures, or the measures in `names`, at `parameters`, (recorded,). `initial`, (parameters,), are the
        initial parameters.

        A measure always has the same named values. A value that cannot be computed before `deadline`, a time of the monotonic
        clock, is replaced by a message. The default of `rescalings` is `self.rescalings`. `initial` is rescaled in the same way
        as `parameters`. Raise SweepgdError if `parameters` or `initial` does not have the model's size.
        """
        size, whole = self.objective.parameters, self._architecture.recorded
        if len(parameters) != whole or len(initial) != size:
            raise SweepgdError(
                f"there are {len(parameters)} parameters and {len(initial)} initial parameters, but the model has {whole}: "
                "give the parameters of this model"
            )
        theta, start = (np.array(vector, dtype=np.float64) for vector in (self.objective.use(parameters), initial))
        chosen = tuple(dict.fromkeys(self.spec.measures)) if names is None else names
        measured: list[Measurement] = []
        for factor in self.rescalings if rescalings is None else rescalings:
            if factor == 1.0:
                measured += self._measure_at(theta, start, factor, chosen, deadline)
            elif self._rescaled is None:
                measured += self._unmeasured("the model has no rescaling that leaves its outputs unchanged", factor, chosen)
            else:
                rescaled, rescaled_start = self._rescaled(theta, factor), self._rescaled(start, factor)
                measured += self._measure_at(rescaled, rescaled_start, factor, chosen, deadline)
        return measured

    def _measure_at(
        self, theta: Vector, initial: Vector, rescaling: float, names: tuple[str, ...], deadline: float
    ) -> list[Measurement]:
        """Return the measures at `theta`."""
        if not np.isfinite(theta).all():
            return self._unmeasured("the parameters are not finite", rescaling, names)
        point = Point(self.objective, theta, initial, self.spec.seed, deadline)
        measured: list[Measurement] = []
        for name in names:
            if monotonic() >= deadline:
                measured += self._unmeasured(f"{UNMEASURED}out of time", rescaling, (name,))
                continue
            values = _timed(self._with_rows_error(point, MEASURE_FUNCTIONS[name](point, self._settings(name))))
            for record, (value, seconds) in zip(self._records(name), values, strict=False):
                measured.append(self._measurement(name, record, rescaling, value, seconds))
        return measured

    def _with_rows_error(self, point: Point, values: Iterator[Value]) -> Iterator[Value]:
        """Yield the values. A value over a subset of the rows gets its `rows_error`, if this error can be estimated."""
        rows = self.objective.rows
        for value in values:
            if value.over is not None and 1 < rows < self.training_rows:
                with suppress(SweepgdError):
                    group_values = [value.over(replace(point, objective=group)) for group in self._groups]
                    value = replace(value, rows_error=rows_error(np.array(group_values), rows, self.training_rows))
            yield value

    def _unmeasured(self, message: str, rescaling: float, names: tuple[str, ...]) -> list[Measurement]:
        """Return the measurements of measures that cannot be computed: each has this message and no value."""
        none = Value(message=message)
        return [self._measurement(name, record, rescaling, none, None) for name in names for record in self._records(name)]

    def _measurement(self, name: str, record: str, rescaling: float, value: Value, seconds: float | None) -> Measurement:
        if value.value is not None and not np.isfinite([value.value, value.error or 0.0]).all():
            value = Value(message="overflow")
        messages = [value.message] if value.message else []
        if value.value is not None and name in _USE_HESSIAN and not self.objective.exact:
            messages.append("Hessian products are differences of gradients, because the model has no second-order kernels")
        return Measurement(
            measure=record,
            value=value.value,
            error=value.error,
            rows_error=value.rows_error,
            settings=self.settings(name),
            message="; ".join(messages) or None,
            rescaling=rescaling,
            seconds=seconds,
            starts=value.starts,
            grid=value.grid,
            density=value.density,
        )

    def settings(self, name: str) -> dict[str, Any]:
        """Return the `settings` of the measurements of a measure, with all that is needed to repeat the measure."""
        objective = self.objective
        basis = {"seed": self.spec.seed, "rows": objective.rows, "dtype": objective.dtype, "exact": objective.exact}
        mode = {"mode": EVALUATION_MODE} if self._architecture.differs_in_training else {}
        return {**self._settings(name), **basis, **mode}

    def _settings(self, name: str) -> dict[str, Any]:
        return settings_of(name, self.spec.settings.get(name, {}))

    def _records(self, name: str) -> tuple[str, ...]:
        return records_of(name, self._settings(name))


def _timed(values: Iterator[Value]) -> Iterator[tuple[Value, float | None]]:
    """Yield each value with the seconds that its computation took. After a SweepgdError, yield every further value as missing,
    with the error's message.
    """
    while True:
        begun = perf_counter()
        try:
            value = next(values)
        except SweepgdError as problem:
            yield Value(message=str(problem)), perf_counter() - begun
            yield from repeat((Value(message=str(problem)), None))
        yield value, perf_counter() - begun
