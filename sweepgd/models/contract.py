"""The contract of a model: data plus compiled functions, built for the shape of one data set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd import registry
from sweepgd.layout import Layout, parameter_count
from sweepgd.problem import Problem, UsageProblem
from sweepgd.room import in_words
from sweepgd.setting import Setting, resolve
from sweepgd.share import machine_memory


@dataclass(frozen=True)
class Shape:
    """What a model must know of its data: the task, the width of inputs and targets, and the number of classes (0 for none)."""

    task: str
    inputs: int
    targets: int
    classes: int


@dataclass(frozen=True, eq=False)
class Curvature:
    """A model's kernels of second order, plain functions with the signatures of `sweepgd.kernels.signatures`.

    `product` writes the mean over rows of Hessian, or Gauss-Newton matrix, times a direction (Pearlmutter 1994; Schraudolph
    2002). Where it is called without `fresh`, parameters and rows are those of an earlier call, and so is what that left in
    `kept`, which has `kept(batch)` reals. `second_moments` writes the mean over rows of each row's squared gradient,
    elementwise: with `fisher` in expectation over targets drawn from the model's own distribution, otherwise of the recorded
    targets; without it, gradients are taken row by row. `workspace(batch)` is how many reals of scratch memory they need for so
    many rows. `chunk` is how many rows are taken at a time. `rescaled(theta, factor)` gives other parameters of the very same
    function (Dinh et al. 2017), where the model has some.
    """

    product: Callable
    kept: Callable[[int], int]
    workspace: Callable[[int], int]
    second_moments: Callable | None = None
    chunk: int = 1
    rescaled: Callable[[npt.NDArray[np.float64], float], npt.NDArray[np.float64]] | None = None


@dataclass(frozen=True, eq=False)
class Architecture:
    """A model built for one data set.

    `gradient` and `evaluate` are plain functions with the signatures of `sweepgd.kernels.signatures`; `settings` is the
    float64 vector that they are handed; `workspace(batch)` is how many reals of scratch memory a batch needs; `buffers` is
    the length of the vector of untrained state; `initial(rng)` draws starting parameters in float64; `chunk` is how many
    rows the gradient of a full part is taken over at a time. Without `curvature`, Hessian products are differences of
    gradients.
    """

    layout: Layout
    gradient: Callable
    evaluate: Callable
    initial: Callable[[np.random.Generator], npt.NDArray[np.float64]]
    settings: npt.NDArray[np.float64]
    workspace: Callable[[int], int]
    chunk: int = 1
    buffers: int = 0
    records_position: bool = False
    curvature: Curvature | None = None

    def __post_init__(self) -> None:
        # The trainer is entered without a look at the types of its arguments: another type would be read as if it were this.
        object.__setattr__(self, "layout", np.ascontiguousarray(self.layout, dtype=np.int64))
        object.__setattr__(self, "settings", np.ascontiguousarray(self.settings, dtype=np.float64))

    @property
    def parameters(self) -> int:
        return parameter_count(self.layout)


@dataclass(frozen=True)
class Model:
    """What an entry point of group `sweepgd.models` names.

    `build(shape, **settings)` gives the Architecture; it raises UsageProblem for a shape that the model cannot fit.
    """

    name: str
    tasks: tuple[str, ...]
    build: Callable[..., Architecture]
    settings: tuple[Setting, ...]
    description: str
    source: str


def build(name: str, settings: Mapping[str, Any], shape: Shape) -> Architecture:
    """The model called `name`, built for `shape`. Raises UsageProblem where the two do not fit, Problem where it fails."""
    model: Model = registry.get("models", name)
    if shape.task not in model.tasks:
        wanted = " or ".join(model.tasks)
        raise UsageProblem(
            f"model {name!r} is for data of task {wanted}, and these are for {shape.task}: choose another model or data set"
        )
    chosen = resolve(model.settings, settings, "model")
    with registry.blamed("models", name):
        built = model.build(shape, **chosen)
        if not isinstance(built, Architecture):
            raise Problem(f"its build gives a {type(built).__name__}, not an Architecture")
        _check_memory(name, built)
    return built


def _check_memory(name: str, built: Architecture) -> None:
    """Raise UsageProblem where the machine has less memory than a run takes at least."""
    # Parameters are drawn in float64, and the smallest batch is worked on in float32 or more.
    need, there = 8 * built.parameters + 4 * built.workspace(1), machine_memory()
    if there is not None and need > there:
        raise UsageProblem(
            f"model {name!r} would have {built.parameters:,} parameters and take {in_words(need)} of memory or more, and this"
            f" machine has {in_words(there)}: give fewer or narrower layers"
        )
