"""Hyperparameter sweeps for stochastic gradient descent: from a sweep file to evidence in Parquet.

`search` runs a sweep, `train` a single run, `measure` takes the curvature at what they found, `merge` makes one record of the
shards of a search, and `load` opens the results; see the README for the command line.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sweepgd.minimisers.measure_recorded import measure
    from sweepgd.record import load
    from sweepgd.study.merge_shards import merge
    from sweepgd.study.search import search
    from sweepgd.study.train import train

__all__ = ["load", "measure", "merge", "search", "train"]

# Imported when first used: `sweepgd --help` and plugin look-ups need none of Numba, Optuna and Arrow.
_HOMES = {
    "load": "sweepgd.record",
    "measure": "sweepgd.minimisers.measure_recorded",
    "merge": "sweepgd.study.merge_shards",
    "search": "sweepgd.study.search",
    "train": "sweepgd.study.train",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'sweepgd' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
