"""The classes of data: `Dataset` and `Table` for authors of plugins, `Data` and `Part` for training runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy.typing as npt

from sweepgd.core.setting import Setting

Array = npt.NDArray[Any]
Task = Literal["regression", "classification", "none"]
Image = tuple[int, int, int]


@dataclass(frozen=True)
class Table:
    """A whole data set before it is split.

    `inputs` (n, d) and `targets` (n, k) are float64, or the narrower real type of the source, such as the bytes of an IDX
    image. For classification `targets` is one column of class numbers 0 to C-1, and `classes` has the names of the classes.
    `truth` has the parameters of synthetic data, such as `{"weights": [2.0, -3.4], "bias": [4.2]}`. `test` is a separate test
    set, if the source has one. `levels` names the levels of each categorical feature. The inputs of such a feature are level
    numbers 0 to L-1. Encoding turns the feature into L inputs of 0 or 1. `holds` describes in words what some features held
    before they became numbers. `notes` say what was left out of the source. `image` is the height, the width and the number of
    channels of images, whose values are inputs in this order, row by row.
    """

    inputs: Array
    targets: Array
    features: tuple[str, ...]
    classes: tuple[str, ...] = ()
    truth: dict[str, list[float]] = field(default_factory=dict)
    test: "Table | None" = None
    levels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    holds: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    image: Image | None = None


@dataclass(frozen=True)
class Dataset:
    """A named data set, which an entry point of group `sweepgd.datasets` provides.

    `load(rng, **settings)` returns the `Table`. `rng`, a `numpy.random.Generator`, must be the only source of randomness.
    `source` names the paper, package or lecture that the data come from.
    """

    name: str
    task: Task
    load: Callable[..., Table]
    settings: tuple[Setting, ...]
    description: str
    source: str


@dataclass(frozen=True)
class Part:
    """The training, validation or test rows: `inputs` (n, d) and `targets` (n, k), C-contiguous, read-only, in the dtype of the
    run.

    For a model that reads bytes, `inputs` may be uint8. Kernels then convert the rows of each batch by `scaling` (2·d,), in
    float64: the number to subtract from each input, then the number to multiply the difference by.
    """

    inputs: Array
    targets: Array
    scaling: Array | None = None


@dataclass(frozen=True)
class Data:
    """A data set ready to train on.

    `preprocessing` records what was done to the inputs, and is empty if nothing was done. Missing values were replaced by the
    values in `imputed`, each column of `levels` became one input per level, and `indicators` are the inputs that mark missing
    values. With `data.dates = "all"`, `dates` names the columns of dates. Then standardization subtracted `mean` from the
    inputs and divided them by `scale`. Each is one number per feature, equal for all pixels of a channel if images were
    standardized by channel. Targets were standardized by `target_mean` and `target_scale`. `fingerprint` is the SHA-256 of the
    bytes of the table and of the row numbers of each part. `columns` describes in words what each input column held before it
    was encoded. `notes` say what was left out. `image` is that of the table.
    """

    name: str
    task: Task
    train: Part
    validation: Part | None
    test: Part | None
    features: tuple[str, ...]
    classes: tuple[str, ...]
    truth: dict[str, list[float]]
    preprocessing: dict[str, Any]
    fingerprint: str
    columns: dict[str, str] = field(default_factory=dict)
    target_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    image: Image | None = None

    @property
    def bytes(self) -> bool:
        """True if the inputs of all parts are bytes (uint8), which kernels convert."""
        return self.train.scaling is not None

    @property
    def processing(self) -> dict[str, Any]:
        """The information that a model needs for new rows: `preprocessing`, names of inputs, targets and classes, and the shape
        of images.
        """
        named = {"features": list(self.features), "targets": list(self.target_names), "classes": list(self.classes)}
        return self.preprocessing | named | ({} if self.image is None else {"image": list(self.image)})

    @property
    def rows(self) -> int:
        """The number of training rows, which is also the number of rows that one epoch visits."""
        return len(self.train.inputs)

    @property
    def nbytes(self) -> int:
        """The total size of the arrays in bytes."""
        parts = [part for part in (self.train, self.validation, self.test) if part is not None]
        return sum(part.inputs.nbytes + part.targets.nbytes for part in parts)
