"""What a data set is to a plugin author (`Dataset`, `Table`) and what a training run gets (`Data`, `Part`)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy.typing as npt

from sweepgd.setting import Setting

Array = npt.NDArray[Any]
Task = Literal["regression", "classification", "none"]


@dataclass(frozen=True)
class Table:
    """A whole data set as its source gives it.

    `inputs` (n, d) and `targets` (n, k) are float64, or a narrower real type where the source stores one, such as the
    bytes of an IDX image. For classification `targets` is one column of class numbers 0 to C-1, named in `classes`.
    `truth` holds what synthetic data was made from, such as `{"weights": [2.0, -3.4], "bias": [4.2]}`.
    `test` is the source's own test set, where it comes with one.
    `levels` names the levels of each feature that is a category: its inputs are level numbers 0 to L-1, and it becomes L inputs
    of 0 and 1. `holds` says of some features what their numbers stand for, and `notes` what was left out of the source.
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


@dataclass(frozen=True)
class Dataset:
    """A named data set, as an entry point of group `sweepgd.datasets` offers it.

    `load(rng, **settings)` returns the `Table`; `rng` is a `numpy.random.Generator` and its only source of chance.
    `source` names the paper, package or lecture that the data comes from.
    """

    name: str
    task: Task
    load: Callable[..., Table]
    settings: tuple[Setting, ...]
    description: str
    source: str


@dataclass(frozen=True)
class Part:
    """The rows of one part: `inputs` (n, d) and `targets` (n, k), C-contiguous, read-only and of the run's dtype."""

    inputs: Array
    targets: Array


@dataclass(frozen=True)
class Data:
    """A data set ready to train on.

    `preprocessing` holds what standardization subtracted and divided by: `mean` and `scale`, a number a feature, and
    `target_mean` and `target_scale` where the targets were standardized. Before it, missing values became those of `imputed`,
    each column of `levels` an input a level, and `indicators` the inputs that tell where a value was missing. It is empty where
    nothing was done.
    `fingerprint` is the SHA-256 of the raw table's bytes and of the rows of each part.
    `columns` are the inputs before they were encoded, each with what it holds in words; `notes` say what was left out.
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

    @property
    def processing(self) -> dict[str, Any]:
        """What a trained model needs for other rows: `preprocessing`, and the names of inputs, targets and classes."""
        return self.preprocessing | {
            "features": list(self.features),
            "targets": list(self.target_names),
            "classes": list(self.classes),
        }

    @property
    def rows(self) -> int:
        """The number of training rows, which is one epoch."""
        return len(self.train.inputs)

    @property
    def nbytes(self) -> int:
        """The bytes of all its arrays."""
        parts = [part for part in (self.train, self.validation, self.test) if part is not None]
        return sum(part.inputs.nbytes + part.targets.nbytes for part in parts)
