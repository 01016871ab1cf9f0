"""The contract of a model: settings, and a function that builds an architecture for one data set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.layout import Layout, parameter_count
from sweepgd.core.memory_limit import machine_memory
from sweepgd.core.setting import Setting, resolve
from sweepgd.plugins import registry
from sweepgd.record.disk_space import in_words


@dataclass(frozen=True)
class Shape:
    """The properties of the data that a model depends on: the task, and the numbers of inputs, targets and classes (or 0)."""

    task: str
    inputs: int
    targets: int
    classes: int


@dataclass(frozen=True, eq=False)
class Curvature:
    """The second-order kernels of a model, plain functions with the signatures of `sweepgd.kernels.signatures`.

    `product` writes the Hessian (or the Gauss-Newton matrix) of the mean loss, multiplied by a direction (Pearlmutter 1994;
    Schraudolph 2002). If `fresh` is False, parameters and rows are the same as in the previous call. The previous call left its
    results in the array `kept`, whose length is `kept(batch)`. `second_moments` writes the elementwise square of the gradient
    of each row, as a mean over rows. With `fisher`, it writes the expectation of this mean over targets drawn from the model's
    distribution. If `second_moments` is None, gradients are computed row by row. `workspace(batch)` is the length of the
    scratch memory of both kernels, and `chunk` is the number of rows that they process at a time.
    `rescaled(theta, factor)` returns other parameters with exactly the same outputs (Dinh et al. 2017). `rescaled` is None if a
    model has no such parameters.
    """

    product: Callable[..., Any]
    kept: Callable[[int], int]
    workspace: Callable[[int], int]
    second_moments: Callable[..., Any] | None = None
    chunk: int = 1
    rescaled: Callable[[npt.NDArray[np.float64], float], npt.NDArray[np.float64]] | None = None


@dataclass(frozen=True, eq=False)
class Architecture:
    """A model built for one data set.

    `gradient` and `evaluate` are plain functions with the signatures of `sweepgd.kernels.signatures`. Both get `settings`, a
    float64 vector. `workspace(batch)` is the length of the scratch memory for a batch, and `buffers` the length of the vector
    of untrained state. `initial(rng)` draws initial parameters in float64. The gradient of a whole part of the data is computed
    from `chunk` rows at a time. `evaluate_with_gradient` does the same as `evaluate` and also writes the gradient over all
    rows. A run is then evaluated in one pass over the training rows instead of two. `predict` writes the model's outputs,
    (rows, `outputs`): a logit for each class, a single logit for the second of two classes, or the predicted targets. Without
    `curvature`, Hessian products are differences of gradients. `layers` describes in JSON's types how these outputs are
    computed, one mapping with the key "layer" for each layer in order, whose weights and bias are the next tensors of the
    layout; it is empty for a model that is not a chain of layers.
    """

    layout: Layout
    gradient: Callable[..., Any]
    evaluate: Callable[..., Any]
    initial: Callable[[np.random.Generator], npt.NDArray[np.float64]]
    settings: npt.NDArray[np.float64]
    workspace: Callable[[int], int]
    chunk: int = 1
    buffers: int = 0
    records_position: bool = False
    curvature: Curvature | None = None
    evaluate_with_gradient: Callable[..., Any] | None = None
    predict: Callable[..., Any] | None = None
    outputs: int = 0
    layers: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        # The trainer is called without type checks, so it would misread another type.
        object.__setattr__(self, "layout", np.ascontiguousarray(self.layout, dtype=np.int64))
        object.__setattr__(self, "settings", np.ascontiguousarray(self.settings, dtype=np.float64))

    @property
    def parameters(self) -> int:
        return parameter_count(self.layout)


@dataclass(frozen=True)
class Model:
    """A model, as provided by an entry point of the group `sweepgd.models`.

    `build(shape, **settings)` returns the Architecture, and raises UsageError for data that the model cannot fit.
    """

    name: str
    tasks: tuple[str, ...]
    build: Callable[..., Architecture]
    settings: tuple[Setting, ...]
    description: str
    source: str


def build(name: str, settings: Mapping[str, Any], shape: Shape) -> Architecture:
    """Return the model `name`, built for `shape`. Raise UsageError if it does not fit `shape`, SweepgdError if it fails."""
    model: Model = registry.get("models", name)
    if shape.task not in model.tasks:
        tasks = " or ".join(model.tasks)
        raise UsageError(f"model {name!r} is for {tasks}, but the data are for {shape.task}: choose another model or data set")
    chosen = resolve(model.settings, settings, "model")
    with registry.plugin_errors("models", name):
        built = model.build(shape, **chosen)
        if not isinstance(built, Architecture):
            raise SweepgdError(f"its build returns a {type(built).__name__}, not an Architecture")
        _check_memory(name, built)
    return built


def _check_memory(name: str, built: Architecture) -> None:
    """Raise UsageError if a run needs more memory than the machine has."""
    # Parameters are drawn in float64, and the workspace of the smallest batch is float32 or float64.
    required, available = 8 * built.parameters + 4 * built.workspace(1), machine_memory()
    if available is not None and required > available:
        raise UsageError(
            f"model {name!r} would have {built.parameters:,} parameters and take at least {in_words(required)} of memory, but "
            f"this machine has {in_words(available)}: give fewer or narrower layers"
        )
