"""A harness that applies a rule to the parameters of a small network, with given gradients."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from sweepgd.core.layout import BIAS, WEIGHT, Tensor, layout_of, parameter_count
from sweepgd.kernels import signatures
from sweepgd.optimizers import Optimizer, slot_matrix
from sweepgd.plugins.checks.guarded_arrays import Guarded

Array = npt.NDArray[Any]

DTYPES = ("float32", "float64")
# A wide and a tall matrix. Together they have 75 parameters, so that vectorized loops have a remainder.
LAYOUT = layout_of(
    [Tensor((4, 9), WEIGHT, 4, 9), Tensor((9,), BIAS, 4, 9), Tensor((9, 3), WEIGHT, 9, 3), Tensor((3,), BIAS, 9, 3)]
)
PARAMETERS = parameter_count(LAYOUT)


def defaults(optimizer: Optimizer) -> dict[str, float]:
    """Return the default hyperparameters by name."""
    return {setting.name: setting.default for setting in optimizer.hyperparameters}


def search_range(optimizer: Optimizer) -> tuple[float, float]:
    """Return the smallest and the largest learning rate of a search. The check "settings" ensures that both exist."""
    setting = optimizer.learning_rate
    return float(cast(float, setting.low)), float(cast(float, setting.high))


def ordinary(count: int, seed: int = 0) -> Array:
    """Return random gradients, (count, parameters). The numbers are equal in float32 and float64."""
    drawn = np.random.default_rng([7, seed]).normal(size=(count, PARAMETERS))
    return drawn.astype(np.float32).astype(np.float64)


class StepHarness:
    """Guarded arrays and the functions of a rule, compiled unless JIT is off. `theta` starts at numbers of size 1.

    Settings that are not given have their defaults, including the learning rate. Each slot is followed by `spare` additional
    numbers.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        dtype: str,
        *,
        settings: Mapping[str, float] = MappingProxyType({}),
        spare: int = 0,
    ) -> None:
        number, longest = slot_matrix(optimizer, LAYOUT, dtype).shape
        vector = (PARAMETERS,)
        shapes = {"theta": vector, "gradient": vector, "slots": (number, longest + spare), "point": vector}
        self.arrays = Guarded(dtype, shapes)
        self.theta, self.gradient, self.slots, self.point = (self.arrays[name] for name in shapes)
        self.theta[:] = ordinary(1, seed=1)[0]
        self.t = 0
        chosen = {"learning_rate": optimizer.learning_rate.default, **defaults(optimizer), **settings}
        self._rate = float(chosen.pop("learning_rate"))
        self._hyper = optimizer.hyper(chosen)
        self._functions = {kind: signatures.entry(kind, function, dtype) for kind, function in optimizer.functions.items()}

    def step(self, gradient: Array, lo: int = 0, hi: int = PARAMETERS, *, first: bool = True) -> None:
        """Apply an update with `gradient` to the parameters [lo, hi).

        With a probe, the gradient at the probed point is the gradient of a loss whose Hessian is the identity. `first` is False
        for further ranges of the same update.
        """
        if first:
            self.t += 1
        self.gradient[:] = gradient
        if "probe" in self._functions and first:
            self.probe()
        if "probe" in self._functions:
            self.gradient += self.point - self.theta
        self.given = self.gradient.copy()
        self._functions["update"](
            self.theta, self.gradient, self.slots, LAYOUT, self._hyper, self._rate, self.t, np.uint64(lo), np.uint64(hi)
        )

    def probe(self) -> None:
        """Write the weights at which the second gradient is computed to `point`."""
        self._functions["probe"](self.theta, self.gradient, self.slots, LAYOUT, self._hyper, self._rate, self.t, self.point)

    def judged(self) -> Array:
        """Return a copy of the weights at which the rule's loss is evaluated."""
        if "evaluation" not in self._functions:
            return self.theta.copy()
        self._functions["evaluation"](self.theta, self.slots, LAYOUT, self._hyper, self.t, self.point)
        return self.point.copy()

    def written(self) -> dict[str, Array]:
        """Return all arrays that the rule may write, by name."""
        return {"theta": self.theta, "slots": self.slots, "point": self.point}


def walk(optimizer: Optimizer, dtype: str, updates: int = 10) -> Array:
    """Return the training and evaluation weights of a run, (updates + 1, 2, parameters).

    The learning rate is the largest rate of the rule's range, so that steps exceed the rounding of the weights.
    """
    stage = StepHarness(optimizer, dtype, settings={"learning_rate": search_range(optimizer)[1]})
    with np.errstate(all="ignore"):  # without JIT, NumPy would warn of non-finite numbers, which the checks report anyway
        path = [(stage.theta.copy(), stage.judged())]
        for gradient in ordinary(updates):
            stage.step(gradient)
            path.append((stage.theta.copy(), stage.judged()))
    return np.array(path)


def distance(path: Array, other: Array) -> float:
    """Return the largest difference between two walks, beyond rounding, relative to the distance that the second walk has
    moved.
    """
    exact = other.astype(np.float64)
    rounding = 8 * np.finfo(path.dtype).eps * np.linalg.norm(exact, axis=-1)
    gone = np.linalg.norm(exact - exact[0], axis=-1)
    apart = np.maximum(np.linalg.norm(path - exact, axis=-1) - rounding, 0)
    return float(np.max(apart[1:] / np.maximum(gone[1:], np.finfo(np.float64).tiny)))
