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
    """The properties of the data on which a model depends: the task, and the numbers of inputs, targets and classes (0 for
    regression).

    `image` is the height, the width and the number of channels of images. `augment` describes the random changes of training
    images: the pixels of padding for a random crop, 1 for horizontal flips, and the width of the square that is cut out, each 0
    for none. With `bytes`, kernels read inputs of uint8, and `buffers` begins with 2·inputs numbers: the number to subtract
    from each input, then the number to multiply the difference by.
    """

    task: str
    inputs: int
    targets: int
    classes: int
    image: tuple[int, int, int] | None = None
    augment: tuple[int, int, int] = (0, 0, 0)
    bytes: bool = False


@dataclass(frozen=True, eq=False)
class Curvature:
    """The second-order kernels of a model, plain functions with the signatures of `sweepgd.kernels.signatures`.

    `product` writes the Hessian (or the Gauss-Newton matrix) of the mean loss, multiplied by a direction (Pearlmutter 1994;
    Schraudolph 2002). If `fresh` is False, parameters and rows are the same as in the previous call. The array `kept`, of
    length `kept(batch)`, then holds the intermediate results of the previous call. `second_moments` writes the mean over rows
    of the elementwise square of each row's gradient. With `fisher`, `second_moments` writes the expectation of this mean over
    targets drawn from the model's distribution. If `second_moments` is None, gradients are computed row by row.
    `workspace(batch)` is the length of the scratch memory of both kernels, and `chunk` is the number of rows that both kernels
    process at a time. `rescaled(theta, factor)` returns different parameters with exactly the same outputs (Dinh et al. 2017).
    `rescaled` is None if no different parameters have the same outputs.
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

    `gradient` and `evaluate` are plain functions with the signatures of `sweepgd.kernels.signatures`. Both functions get
    `settings`, a float64 vector. `workspace(batch)` is the length of the scratch memory for a batch. `initial(rng)` draws
    initial parameters in float64. `buffers` is the length of the vector of untrained state. Its first `normalizing` numbers
    come from the data (see `Shape.bytes`). The others, such as running statistics, start at `initial_buffers`, by default 0,
    and are recorded after the parameters (`sweepgd.models.buffers`). The gradient over all training rows is computed from
    `chunk` rows at a time. `evaluate_with_gradient` does the same as `evaluate` and also writes the gradient over
    all rows, so that an evaluation takes one pass over the training rows instead of two. `predict` writes the model's outputs,
    (rows, `outputs`). The outputs are a logit for each class, a single logit for the second of two classes, or the predicted
    targets. Without `curvature`, Hessian products are differences of gradients. `layers` describes in JSON's types how these
    outputs are computed. For each layer, in order, `layers` has one mapping with the key "layer". The weights and the bias of a
    layer are the next tensors of the layout. `layers` is empty for a model that is not made of layers. With
    `differs_in_training`, the loss of an update is not the loss of an evaluation, for example because of dropout.
    """

    layout: Layout
    gradient: Callable[..., Any]
    evaluate: Callable[..., Any]
    initial: Callable[[np.random.Generator], npt.NDArray[np.float64]]
    settings: npt.NDArray[np.float64]
    workspace: Callable[[int], int]
    chunk: int = 1
    buffers: int = 0
    normalizing: int = 0
    initial_buffers: npt.NDArray[np.float64] | None = None
    records_position: bool = False
    curvature: Curvature | None = None
    evaluate_with_gradient: Callable[..., Any] | None = None
    predict: Callable[..., Any] | None = None
    outputs: int = 0
    layers: tuple[Mapping[str, Any], ...] = ()
    differs_in_training: bool = False

    def __post_init__(self) -> None:
        # The trainer is called without type checks, and would misread settings of another type.
        object.__setattr__(self, "layout", np.ascontiguousarray(self.layout, dtype=np.int64))
        object.__setattr__(self, "settings", np.ascontiguousarray(self.settings, dtype=np.float64))

    @property
    def parameters(self) -> int:
        return parameter_count(self.layout)

    @property
    def recorded(self) -> int:
        """The length of a recorded vector: the parameters, then the buffers that do not come from the data."""
        return self.parameters + self.buffers - self.normalizing


@dataclass(frozen=True)
class Model:
    """A model, as provided by an entry point of the group `sweepgd.models`.

    `build(shape, **settings)` returns the Architecture, and raises UsageError for data that the model cannot fit. With
    `reads_bytes`, the model's kernels also take inputs of uint8 (see `Shape.bytes`), and augment images if `Shape.augment` says
    so.
    """

    name: str
    tasks: tuple[str, ...]
    build: Callable[..., Architecture]
    settings: tuple[Setting, ...]
    description: str
    source: str
    reads_bytes: bool = False


def build(name: str, settings: Mapping[str, Any], shape: Shape) -> Architecture:
    """Return the model `name`, built for `shape`. Raise UsageError if the model does not fit `shape`, and SweepgdError if
    `build` fails.
    """
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
    # The estimate counts the initial parameters in float64, and the workspace of the smallest batch in float32.
    required, available = 8 * built.parameters + 4 * built.workspace(1), machine_memory()
    if available is not None and required > available:
        raise UsageError(
            f"model {name!r} would have {built.parameters:,} parameters and take at least {in_words(required)} of memory, but "
            f"this machine has {in_words(available)}: give fewer or narrower layers"
        )
