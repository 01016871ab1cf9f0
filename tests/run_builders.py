"""Data, configurations and runs built from given arrays."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from sweepgd.core.setting import resolve
from sweepgd.data import Data, Part
from sweepgd.models import Architecture, build
from sweepgd.plugins import registry
from sweepgd.sweep.budget import Budget
from sweepgd.sweep.configuration import Configuration
from sweepgd.training import Training
from sweepgd.training.confusion import confusions
from sweepgd.training.data_shape import shape_of


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
    return build(name, settings, shape_of(data))


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
    own = {"shuffle", "last_batch", "rungs", "initial", "order", "gradient_norm"}
    budget = Budget(**{name: value for name, value in others.items() if name not in own})
    given = {name: value for name, value in others.items() if name in own}
    return Training(configuration, data, architecture, budget, seed=seed, dtype=dtype, **given)


def taken(run: Training) -> dict[str, np.ndarray]:
    """Return the confusions of the validation and test rows at the end of a run."""
    return confusions(run.data, partial(run.kernels.outputs, run.parameters), partial(run.kernels.error, run.parameters))


def in_order(rows: int) -> Callable[[int], np.ndarray]:
    """Every epoch goes through the rows as they are."""
    return lambda epoch: np.arange(rows)
