"""The contract of an optimizer, for built-in rules and for plugins.

A rule consists of plain functions of arrays, which sweepgd compiles for the floating-point type of the run:

`update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi)` changes `theta[lo:hi]` and the state in `slots` in
place. `theta` and `gradient` are whole flat vectors. `slots` has one row for each slot, initially zero. `layout` is the table
of `sweepgd.core.layout`. `hyper` holds the hyperparameters in declared order. `t` counts updates from 1. An elementwise rule
changes nothing outside of [lo, hi). `probe(theta, gradient, slots, layout, hyper, learning_rate, t, point)` writes to `point`
the weights at which a second gradient of the same mini-batch is computed. `update` receives this second gradient.
`evaluation(theta, slots, layout, hyper, t, point)` writes to `point` the weights at which the run is evaluated, for a rule
whose runs are not evaluated at `theta`.

`learning_rate` and `hyper` are float64. Cast a factor with `theta.dtype.type(…)` before it multiplies an array. Otherwise a
float32 loop runs in float64. Decorate functions that kernels call with `sweepgd.plugin.helper`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.aligned_arrays import aligned
from sweepgd.core.layout import Layout, parameter_count
from sweepgd.core.setting import Setting

API_VERSION = 1


@dataclass(frozen=True)
class Optimizer:
    """An optimizer, which an entry point of the group `sweepgd.optimizers` provides.

    `slots` is a tuple of names of state vectors that are as long as the parameter vector, or a function that takes the layout
    and returns {name: length}. A rule with a hyperparameter "weight_decay" applies the weight decay of a sweep itself. For
    other rules, the trainer adds an L2 penalty on the weights. `learning_rate` holds the default learning rate and the range
    that a search uses.
    """

    name: str
    update: Callable[..., Any]
    learning_rate: Setting
    paper: str
    hyperparameters: tuple[Setting, ...] = ()
    slots: tuple[str, ...] | Callable[[Layout], Mapping[str, int]] = ()
    elementwise: bool = True
    probe: Callable[..., Any] | None = None
    evaluation: Callable[..., Any] | None = None
    api_version: int = API_VERSION

    @property
    def functions(self) -> dict[str, Callable[..., Any]]:
        """The functions of the rule by kind of kernel."""
        functions = {"update": self.update, "probe": self.probe, "evaluation": self.evaluation}
        return {kind: function for kind, function in functions.items() if function is not None}

    @property
    def decays_weights_itself(self) -> bool:
        return any(setting.name == "weight_decay" for setting in self.hyperparameters)

    def hyper(self, values: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """Return the hyperparameters of `values` as the float64 vector for kernels, in declared order."""
        return np.array([values[setting.name] for setting in self.hyperparameters], dtype=np.float64)


def rate(default: float, low: float, high: float) -> Setting:
    """Return the default learning rate of an optimizer and the logarithmic range that a search uses."""
    return Setting("learning_rate", default, "step size", low=low, high=high, log=True, minimum=0.0)


def slot_matrix(optimizer: Optimizer, layout: Layout, dtype: str) -> npt.NDArray[Any]:
    """Return zeroed slots for a layout, of shape (slots, length of the longest slot)."""
    if callable(optimizer.slots):
        lengths = list(optimizer.slots(layout).values())
    else:
        lengths = [parameter_count(layout)] * len(optimizer.slots)
    return aligned((len(lengths), max(lengths, default=0)), dtype)
