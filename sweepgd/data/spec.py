"""The `[data]` table of a sweep file."""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sweepgd import registry
from sweepgd.data.absent import MISSING_VALUES, numbers_among
from sweepgd.data.formats import is_tabbed
from sweepgd.problem import UsageProblem, nearest, suggestion
from sweepgd.setting import resolve

# The keys that say how a file is read, and what a named data set says of itself.
FILE_KEYS = (
    "target", "inputs", "exclude", "task", "test_path", "test_target", "test_inputs", "fingerprint",
    "separator", "decimal", "encoding", "header", "missing_values", "categories", "dates", "missing", "missing_target",
)  # fmt: skip


class DataSpec(BaseModel):
    """Which data, how it is split and prepared, and how batches are drawn from it.

    Any key that is not listed here is a setting of the named data set. The default split is random for every task:
    a stratified one, better balanced, refuses data with a class too small. Raises UsageProblem where keys contradict.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    name: str | None = Field(None, description="an installed data set; or else give `path`")
    path: str | None = Field(
        None,
        description="a CSV, TSV, Parquet, NPZ or IDX file, CSV, TSV and IDX also as .gz; relative to the sweep file, as all"
        " paths of data",
    )
    target: str | list[str] | None = Field(
        None,
        description="with `path`: the target's column or columns, or NPZ array; for IDX the file of labels; not needed for an"
        " NPZ file with x_train, y_train, x_test and y_test",
    )
    inputs: str | list[str] | None = Field(
        None,
        description="with `path`: the input columns, or NPZ array; by default all but the target. Booleans (true and false) are"
        " 0 and 1",
    )
    exclude: str | list[str] | None = Field(None, description="columns that are no inputs, where all others are")
    task: Literal["regression", "classification"] | None = Field(None, description="with `path`: what is to be learned")
    test_path: str | None = Field(None, description="with `path`: a test file of its own, of the same format")
    test_target: str | None = Field(None, description="the target in `test_path`, where it differs from `target`")
    test_inputs: str | None = Field(
        None, description="the NPZ array of the test inputs, in `test_path` or, without it, in `path` itself"
    )
    separator: str | None = Field(None, description='what separates the columns of a CSV file: "," by default, a tab in .tsv')
    decimal: Literal[".", ","] | None = Field(None, description='the decimal point of a CSV file: "." by default')
    encoding: str | None = Field(
        None,
        description='the encoding of a CSV file, or of bytes in an NPZ file, such as "latin-1", "cp1252" or "utf-16": UTF-8 by'
        " default",
    )
    header: bool | None = Field(
        None,
        description="whether the first line of a CSV file names the columns; where false they are c1, c2, …; by default it"
        " does, and one that looks like data is refused",
    )
    missing_values: list[str] | None = Field(
        None,
        description="texts in a file that mean that a value is missing, beside the usual ones ("
        + ", ".join(text or "nothing at all" for text in MISSING_VALUES)
        + '); one that is a number, such as "-999", also means that number, -999.0 too; [] for none at all',
    )
    categories: Literal["all"] | list[str] | None = Field(
        None,
        description='columns of which each level becomes an input of 0 and 1 (one-hot); "all": all columns of text. Levels are'
        " those of the training rows; a row of another level has 0 in all of them",
    )
    dates: Literal["all"] | list[str] | None = Field(
        None,
        description='columns of dates and times that become numbers, in days since 1970-01-01, or since midnight; "all": all',
    )
    missing: Literal["drop", "mean", "median", "most_frequent"] | None = Field(
        None,
        description="what becomes of missing inputs, which are refused by default: the row is left out, or they become that"
        " number of the training rows (a category the most frequent level), and a further input tells where",
    )
    missing_target: Literal["drop"] | None = Field(
        None, description="what becomes of rows without a target, which are refused by default: they are left out"
    )
    fingerprint: str | None = Field(
        None,
        description="with `path`, or a data set's `folder`: written by a search to its results, where data that have changed"
        " since are refused",
    )
    split: Literal["tail", "random", "stratified"] = Field(
        "random",
        description="which rows: the last ones (as Keras), any at random, or at random with each class's share kept",
    )
    validation: float = Field(0.15, ge=0, lt=1, description="share of the rows for validation, rounded up; 0 for none")
    test: float = Field(
        0.15, ge=0, lt=1, description="share of the rows for the test, rounded up; unused where the data has a test set"
    )
    standardize: bool = Field(True, description="scale inputs by the training rows' mean and standard deviation")
    standardize_targets: bool = Field(False, description="the same for the targets of a regression")
    label_noise: float = Field(0.0, ge=0, le=1, description="share of training labels replaced by another class")
    class_weights: Literal["balanced"] | dict[str, float] | None = Field(
        None,
        description="how often rows are drawn: each epoch draws as many rows as there are, with replacement, in proportion to"
        ' the weight of their class: "balanced", each class as often as any other, or weights by class name (1 for others).'
        " Losses and curvature are those of the rows as they are",
    )
    subset: int | None = Field(None, ge=1, description="rows kept, drawn at random before the split")
    shuffle: Literal["epoch", "once", "never"] = Field("epoch", description="when the training rows are shuffled")
    last_batch: Literal["keep", "drop"] = Field("keep", description="what becomes of a short last batch")
    seed: int = Field(
        0, ge=0, lt=2**32, description="seed of the drawing, subset, split and label noise, which search.seed does not change"
    )
    redraw: bool = Field(
        False,
        description="whether each replicate has a drawing, subset, split and noise of its own, with the seeds data.seed,"
        " data.seed + 1, …, which search.seed does not change",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.name is None) == (self.path is None):
            raise UsageProblem('[data] takes one of name (a data set, such as "digits") and path (a file of yours)')
        if self.name is not None:
            self._check_named()
        else:
            self._check_file()
        test = 0.0 if self.test_path else self.test
        if self.validation + test >= 1:
            raise UsageProblem(
                f"data.validation {self.validation:g} and data.test {test:g} leave no training rows: give less than 1"
            )
        return self

    @model_validator(mode="after")
    def _weights_are_drawn_by(self) -> Self:
        if self.class_weights is None:
            return self
        if self.shuffle == "never":
            raise UsageProblem('data.class_weights draws rows, and data.shuffle = "never" draws none: give one of them')
        if isinstance(self.class_weights, dict):
            for name, weight in self.class_weights.items():
                if not (isfinite(weight) and weight > 0):
                    raise UsageProblem(f"data.class_weights.{name} = {weight:g}: give a finite number above 0")
        return self

    def _check_named(self) -> None:
        for key in FILE_KEYS:
            if getattr(self, key) is None or (key == "fingerprint" and "folder" in (self.model_extra or {})):
                continue
            assert self.name is not None
            installed = registry.names("datasets")
            if self.name not in installed:
                raise UsageProblem(
                    f"unknown dataset {self.name!r}: {suggestion(self.name, installed)}installed: {', '.join(installed)}; a"
                    f' file is given by its path, such as data.path = "./{self.name}"'
                )
            raise UsageProblem(f"data.{key} goes with data.path, and the data is named {self.name!r}: remove it")

    def _check_file(self) -> None:
        for key in self.model_extra or {}:
            raise UsageProblem(f"unknown key data.{key}: {nearest(key, DataSpec.model_fields)}")
        if self.task is None:
            raise UsageProblem('data.path needs data.task: give "regression" or "classification"')
        archive = str(self.path).lower().endswith(".npz")
        if not self.target and not archive:
            raise UsageProblem("data.path needs data.target: the column, the NPZ array, or for IDX the file of labels")
        if self.test_inputs is not None and not archive:
            raise UsageProblem("data.test_inputs names an array of an NPZ file: remove it")
        if self.test_target is not None and self.test_path is None and not archive:
            raise UsageProblem("data.test_target needs data.test_path: give the test file too, or remove it")
        self._check_columns()
        self._check_dialect()

    def _check_columns(self) -> None:
        """Raises UsageProblem where a column is named twice, or for two ends that exclude each other."""
        named = {key: listed(getattr(self, key)) for key in ("target", "inputs", "exclude")}
        named |= {key: () if value == "all" else listed(value) for key, value in self._encoded.items()}
        for key, names in named.items():
            for name in names:
                if names.count(name) > 1:
                    raise UsageProblem(f"data.{key} names {name!r} twice: remove one")
        if named["inputs"] and named["exclude"]:
            raise UsageProblem("data.inputs and data.exclude contradict each other: give one of them")
        for one, other in (("target", "inputs"), ("target", "exclude"), ("categories", "dates")):
            both = [name for name in named[one] if name in named[other]]
            if both:
                raise UsageProblem(f"{both[0]!r} is in both data.{one} and data.{other}: remove it from one")

    def _check_dialect(self) -> None:
        if self.separator is not None and (
            len(self.separator) != 1 or not self.separator.isascii() or self.separator in '"\r\n'
        ):
            raise UsageProblem(f'data.separator = {self.separator!r}: give one character, such as ";" or "\\t"')
        paths = [Path(path) for path in (self.path, self.test_path) if path]
        columnar = any(path.suffix.lower() in (".parquet", ".npz") for path in paths)  # which have no decimal comma: told later
        tabbed = self.separator is None and all(map(is_tabbed, paths))
        if (self.decimal or ".") == (self.separator or ",") and not (tabbed or columnar):
            raise UsageProblem('data.decimal = "," needs another data.separator, such as ";": give it too')
        try:
            "".encode(self.encoding or "utf-8")
        except (LookupError, ValueError) as error:
            raise UsageProblem(f'data.encoding = {self.encoding!r}: give one that Python knows, such as "latin-1"') from error

    @property
    def _encoded(self) -> dict[str, str | list[str] | None]:
        return {"categories": self.categories, "dates": self.dates}

    @property
    def missing_texts(self) -> Sequence[str]:
        """The texts that mean that a value is missing: the usual ones and those given, or none where an empty list is."""
        return [*MISSING_VALUES, *(self.missing_values or ())] if self.missing_values != [] else []

    @property
    def missing_numbers(self) -> tuple[float, ...]:
        """The given texts that are numbers: in a column of numbers -999.0 is missing where "-999" is given."""
        return numbers_among(text.replace(self.decimal or ".", ".") for text in self.missing_values or ())


def listed(given: str | list[str] | None) -> tuple[str, ...]:
    """One name, or several, as a tuple."""
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def dataset_settings(spec: DataSpec) -> dict[str, Any]:
    """Every setting of the named data set, as given or by default; {} for a file.

    Raises UsageProblem for an unknown data set, an unknown key (naming the nearest) or an invalid value.
    """
    if spec.name is None:
        return {}
    settings = registry.get("datasets", spec.name).settings
    given = spec.model_extra or {}
    known = {setting.name for setting in settings}
    for key in given:
        if key not in known:
            raise UsageProblem(f"unknown key data.{key}: {nearest(key, known | DataSpec.model_fields.keys())}")
    return resolve(settings, given, "data")
