"""The hyperparameters that a study varied, as levels, for comparisons among runs that are otherwise equal."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.columns import Floats, floats
from sweepgd.analysis.levels import MOST, batch_levels, rate_levels

Codes = npt.NDArray[np.int64]

NAMED = ("optimizer", "schedule", "batch_schedule")


def axes(runs: pa.Table) -> dict[str, Codes]:
    """What varies among `runs`, each as level numbers, (runs,): optimizer, batch size, rate, schedules and hyperparameters.

    Batch sizes and rates are gathered as everywhere in the analysis (`levels`), other numbers of more than a dozen
    values into a dozen levels of as many runs each. To have no value, as SGD has no beta1, is a level; but a hyperparameter
    with a single value follows from the optimizer or schedule that has it and is no axis.
    """
    found = {name: codes(runs, name) for name in NAMED}
    sizes, rates = floats(runs, "batch_size"), floats(runs, "learning_rate")
    found["batch_size"] = _numbered(_positive(sizes, batch_levels))
    found["learning_rate"] = _numbered(_positive(rates, rate_levels))
    order = ("optimizer", "batch_size", "learning_rate", "schedule", "batch_schedule")
    varied = {name: found[name] for name in order if len(np.unique(found[name])) > 1}
    maps = runs["hyperparameters"].combine_chunks()
    for name in sorted(pc.unique(maps.keys).to_pylist()):
        values = np.array(pc.map_lookup(maps, pa.scalar(name), "first").to_numpy(zero_copy_only=False), dtype=np.float64)
        if len(np.unique(values[~np.isnan(values)])) > 1:
            varied[name] = _numbered(_gathered(values))
    return varied


def codes(runs: pa.Table, name: str) -> Codes:
    """A number for each distinct value of a column of text, null one of them, shape (runs,)."""
    encoded = runs[name].combine_chunks().dictionary_encode(null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def together(*levels: Codes) -> Codes:
    """One number for each distinct combination of levels, shape (runs,)."""
    return reduce(lambda one, other: _numbered(one * (other.max(initial=0) + 1) + other), levels)


def _numbered(values: npt.NDArray[Any]) -> Codes:
    return np.unique(values, return_inverse=True)[1]


def _positive(values: Floats, levels: Callable[[Floats], Floats]) -> Floats:
    """Levels of what has a logarithm; the rest as it is."""
    result = values.copy()
    result[values > 0] = levels(values[values > 0])
    return result


def _gathered(values: Floats) -> Floats:
    some = ~np.isnan(values)
    if len(np.unique(values[some])) <= MOST:
        return values
    bounds = np.quantile(values[some], np.arange(1, MOST) / MOST)
    return np.where(some, np.searchsorted(bounds, values, side="right"), np.nan)
