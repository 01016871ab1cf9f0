"""The compared libraries, one file each, with a class `Peer` of the same four methods, loaded in a separate process."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from ..work import Array, Case

OURS = "sweepgd"
VMAP_TRIALS = 32


class Peer(Protocol):
    """Training of one case, compiled and ready. A step includes gathering the batch's rows by a given order."""

    def __init__(self, case: Case) -> None: ...

    def reset(self) -> None:
        """Back to the starting weights, and to the first order."""

    def epochs(self, count: int) -> None:
        """Goes on for so many epochs, and returns when they are done."""

    def parameters(self) -> Array:
        """The weights at `case.rate` now, in the order of `work.start`."""


@dataclass(frozen=True)
class Entry:
    """A peer as the table knows it; `trials` train at once, and a step is divided by them."""

    module: str
    label: str
    package: str
    install: str
    supports: Callable[[Case], bool] = lambda case: True
    trials: int = 1

    @property
    def missing(self) -> bool:
        return find_spec(self.package) is None


def load(module: str) -> type[Peer]:
    """The peer of a module of this package. Imports its library."""
    return import_module(f".{module}", __package__).Peer


def _sklearn_has(case: Case) -> bool:
    """MLPClassifier has all three optimizers; SGDRegressor has plain SGD on single rows."""
    return case.work != "linear" or (case.batch == 1 and case.optimizer == "sgd")


_GROUP = "uv sync --group bench"

PEERS = (
    Entry(OURS, "sweepgd", "sweepgd", "uv sync"),
    Entry("jax_scan", "JAX scan", "jax", _GROUP),
    # 32 copies of the large network, their gradients and moments are 340 MB: no way to train it faster, so it is left out.
    Entry("jax_vmap", f"JAX vmap {VMAP_TRIALS}", "jax", _GROUP, lambda case: case.work != "fashion", VMAP_TRIALS),
    Entry("torch_eager", "PyTorch eager", "torch", "uv pip install torch==2.13.0"),
    Entry("sklearn_fit", "scikit-learn", "sklearn", _GROUP, _sklearn_has),
)
# Beside the built-in rules only, to see that a plugin's are as fast.
PLUGIN = Entry("plugin", "a plugin's rule", "sweepgd", "uv sync")
