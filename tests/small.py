"""Data, configurations and runs small enough to be followed by hand."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from sweepgd.core.setting import resolve
from sweepgd.data import Data, Part
from sweepgd.kernels import signatures
from sweepgd.models import Architecture, Shape, build
from sweepgd.plugins import registry
from sweepgd.sweep.budget import Budget
from sweepgd.sweep.configuration import Configuration
from sweepgd.training import Training
from sweepgd.training.confusion import confusions


def part_of(inputs, targets, dtype: str) -> Part:
    """A read-only part of inputs (n, d) and targets (n,) or (n, k)."""
    arrays = [np.array(inputs, dtype=dtype), np.array(targets, dtype=dtype).reshape(len(inputs), -1)]
    for array in arrays:
        array.flags.writeable = False
    return Part(*arrays)


def data_of(inputs, targets, *, classes: int = 0, validation=None, test=None, dtype: str = "float64") -> Data:
    """Data with these training rows, a regression unless given classes; `validation`, `test` are (inputs, targets)."""
    task = "classification" if classes else "regression" if np.size(inputs) else "none"
    return Data(
        name="given",
        task=task,
        train=part_of(inputs, targets, dtype),
        validation=part_of(*validation, dtype) if validation else None,
        test=part_of(*test, dtype) if test else None,
        features=tuple(f"x{i}" for i in range(np.shape(inputs)[1])),
        classes=tuple(str(i) for i in range(classes)),
        truth={},
        preprocessing={},
        fingerprint="",
    )


def no_data(dtype: str = "float64") -> Data:
    """The one empty row of a surface."""
    return data_of(np.zeros((1, 0)), np.zeros((1, 0)), dtype=dtype)


def model_for(data: Data, name: str, **settings: Any) -> Architecture:
    """The model called `name`, built for `data`."""
    shape = Shape(data.task, data.train.inputs.shape[1], data.train.targets.shape[1], len(data.classes))
    return build(name, settings, shape)


def configuration(optimizer: str = "sgd", hyperparameters: dict[str, float] | None = None, **others: Any) -> Configuration:
    """A configuration whose optimizer and schedules have their defaults where nothing is given."""
    settings = registry.get("optimizers", optimizer).hyperparameters
    return Configuration(optimizer, resolve(settings, hyperparameters or {}, "optimizer"), **others)


def training(
    configuration: Configuration,
    data: Data,
    architecture: Architecture,
    *,
    dtype: str = "float64",
    seed: int = 0,
    **others: Any,
) -> Training:
    """A run, not yet begun. What Training does not take is the budget's."""
    own = {"shuffle", "last_batch", "rungs", "initial", "order"}
    budget = Budget(**{name: value for name, value in others.items() if name not in own})
    given = {name: value for name, value in others.items() if name in own}
    return Training(configuration, data, architecture, budget, seed=seed, dtype=dtype, **given)


def taken(run: Training) -> dict[str, np.ndarray]:
    """Return the confusions of the validation and test rows at the end of a run."""
    return confusions(run.data, partial(run.error, run.parameters))


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


def in_order(rows: int) -> Callable[[int], np.ndarray]:
    """Every epoch goes through the rows as they are."""
    return lambda epoch: np.arange(rows)
