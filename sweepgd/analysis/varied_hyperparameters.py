"""Level numbers of the hyperparameters that a study varied, to compare runs that are otherwise equal."""

import json
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import Floats, floats
from sweepgd.analysis.binning import MOST_LEVELS, batch_levels, rate_levels
from sweepgd.analysis.recorded_settings import differing_settings

Codes = npt.NDArray[np.int64]

TEXT_COLUMNS = ("optimizer", "schedule", "batch_schedule")
# Hyperparameters without a point in their name that every optimizer has. The others are settings of the optimizer.
OF_EVERY_OPTIMIZER = ("warmup", "weight_decay", "schedule_after_warmup")


def axes(runs: pa.Table) -> dict[str, Codes]:
    """Return the level numbers of each hyperparameter that varies among `runs`, (runs,), by name.

    Batch sizes and learning rates are binned by `batch_levels` and `rate_levels`. Other numbers with more than MOST_LEVELS
    values are binned at quantiles. A missing value, such as beta1 of SGD, counts as a level. A hyperparameter with a single
    value is left out, even if some runs lack it, because these runs differ in their optimizer or schedule. If optimizers vary,
    the settings of each are hyperparameters of their own, such as "adam.beta1". Settings of model and data are named as in a
    sweep file, such as "model.hidden", and each text or list is a level.
    """
    found = {name: codes(runs, name) for name in TEXT_COLUMNS}
    sizes, rates = floats(runs, "batch_size"), floats(runs, "learning_rate")
    found["batch_size"] = _numbered(_bin_positive(sizes, batch_levels))
    found["learning_rate"] = _numbered(_bin_positive(rates, rate_levels))
    order = ("optimizer", "batch_size", "learning_rate", "schedule", "batch_schedule")
    varied = {name: found[name] for name in order if len(np.unique(found[name])) > 1}
    for name, values in _numeric(runs).items():
        if len(np.unique(values[~np.isnan(values)])) > 1:
            varied[name] = _numbered(_bin_at_quantiles(values))
    for name, levels in differing_settings(runs).items():
        if name not in varied:  # numeric hyperparameters are in `maps` already
            varied[name] = _numbered(np.array([json.dumps(level) for level in levels]))
    return varied


def values_of_axes(runs: pa.Table) -> dict[str, list[Any]]:
    """Return the values of each hyperparameter of `axes`, (runs,), by name. A missing value is None.

    Numbers and texts are as recorded; lists and truth values of settings of model and data are text, as in JSON.
    """
    found: dict[str, list[Any]] = {}
    numeric, settings = _numeric(runs), differing_settings(runs)
    for name in axes(runs):
        if name in runs.column_names:
            found[name] = runs[name].to_pylist()
        elif name in settings:
            found[name] = [json.dumps(value) if isinstance(value, (bool, list, dict)) else value for value in settings[name]]
        else:
            found[name] = [None if np.isnan(value) else value for value in numeric[name].tolist()]
    return found


def _numeric(runs: pa.Table) -> dict[str, Floats]:
    """Return the values of each numeric hyperparameter, (runs,), by name as in `axes`, NaN where a run lacks it."""
    maps, optimizers = runs["hyperparameters"].combine_chunks(), pc.unique(runs["optimizer"]).to_pylist()
    found: dict[str, Floats] = {}
    for name in sorted(pc.unique(maps.keys).to_pylist()):
        values = np.array(pc.map_lookup(maps, pa.scalar(name), "first").to_numpy(zero_copy_only=False), dtype=np.float64)
        if len(optimizers) < 2 or "." in name or name in OF_EVERY_OPTIMIZER:
            found[name] = values
            continue
        for optimizer in sorted(filter(None, optimizers)):
            of_it = pc.equal(runs["optimizer"], optimizer).to_numpy()
            found[f"{optimizer}.{name}"] = np.where(of_it, values, np.nan)
    return found


def codes(runs: pa.Table, name: str) -> Codes:
    """Return a number for each run, (runs,), equal for equal values of a text column. Null counts as a value."""
    encoded = runs[name].combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def combined(*levels: Codes) -> Codes:
    """Return a number for each run, (runs,). Two runs have the same number if all their levels are the same."""
    return reduce(lambda one, other: _numbered(one * (other.max(initial=0) + 1) + other), levels)


def _numbered(values: npt.NDArray[Any]) -> Codes:
    return np.unique(values, return_inverse=True)[1]


def _bin_positive(values: Floats, levels: Callable[[Floats], Floats]) -> Floats:
    """Return `levels` of the positive values, and the other values unchanged, because levels are logarithmic."""
    result = values.copy()
    result[values > 0] = levels(values[values > 0])
    return result


def _bin_at_quantiles(values: Floats) -> Floats:
    known = ~np.isnan(values)
    if len(np.unique(values[known])) <= MOST_LEVELS:
        return values
    bounds = np.quantile(values[known], np.arange(1, MOST_LEVELS) / MOST_LEVELS)
    return np.where(known, np.searchsorted(bounds, values, side="right"), np.nan)
