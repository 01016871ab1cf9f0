"""The `[data]` table of a sweep file."""

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sweepgd.core.errors import SettingError, UsageError, nearest, suggestion
from sweepgd.core.setting import resolve
from sweepgd.data.formats import is_tabbed
from sweepgd.data.missing_markers import MISSING_VALUES, numbers_among
from sweepgd.plugins import registry

# The keys for files only. A named data set declares these properties itself.
FILE_KEYS = (
    "target", "inputs", "exclude", "task", "test_path", "test_target", "test_inputs", "fingerprint",
    "separator", "decimal", "encoding", "header", "missing_values", "categories", "dates", "missing", "missing_target",
)  # fmt: skip


class DataSpec(BaseModel):
    """The data, the split and the preparation of their rows, and the drawing of batches.

    All keys that are not listed here are settings of the named data set. The default split is random for every task. A
    stratified split is better balanced, but cannot split data with a very small class. Raises UsageError if keys contradict
    each other.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    name: str | None = Field(None, description="an installed data set; give either `name` or `path`")
    path: str | None = Field(
        None,
        description="a CSV, TSV, Parquet, NPZ or IDX file (CSV, TSV and IDX also as .gz). Like all data paths, it is relative"
        " to the sweep file",
    )
    target: str | list[str] | None = Field(
        None,
        description="with `path`: the target column or columns, the NPZ array, or for IDX the file of labels; not needed for an"
        " NPZ file with x_train, y_train, x_test and y_test",
    )
    inputs: str | list[str] | None = Field(
        None,
        description="with `path`: the input columns, or the NPZ array; by default all columns except the target. Booleans"
        " become 0 and 1",
    )
    exclude: str | list[str] | None = Field(None, description="columns to leave out of the inputs, besides the target")
    task: Literal["regression", "classification"] | None = Field(None, description="with `path`: the task")
    test_path: str | None = Field(None, description="with `path`: a separate test file of the same format")
    test_target: str | None = Field(None, description="the target in `test_path`, if it differs from `target`")
    test_inputs: str | None = Field(
        None, description="the NPZ array of the test inputs, in the file `test_path`, or in `path` if there is no `test_path`"
    )
    separator: str | None = Field(None, description='the column separator of a CSV file: "," by default, a tab for .tsv')
    decimal: Literal[".", ","] | None = Field(None, description='the decimal point of a CSV file: "." by default')
    encoding: str | None = Field(
        None,
        description='the encoding of a CSV file, or of bytes in an NPZ file, such as "latin-1", "cp1252" or "utf-16"; UTF-8 by'
        " default",
    )
    header: bool | None = Field(
        None,
        description="true if the first line of a CSV file names the columns; if false, the columns are called c1, c2, …; by "
        "default the first line must name the columns, and a first line that looks like data is refused",
    )
    missing_values: list[str] | None = Field(
        None,
        description="texts that mark a missing value, in addition to the usual texts ("
        + ", ".join(text or "an empty cell" for text in MISSING_VALUES)
        + '); "-999" also marks the number -999 in columns of numbers; [] turns off all markers',
    )
    categories: Literal["all"] | list[str] | None = Field(
        None,
        description='categorical columns, one-hot encoded: each level becomes an input of 0 or 1; "all" means all text columns.'
        " The levels are those of the training rows; a row with another level has 0 in all these inputs",
    )
    dates: Literal["all"] | list[str] | None = Field(
        None,
        description="columns of dates, which become days since 1970-01-01, and of times of day, which become days since "
        'midnight; "all" means all columns of dates or times',
    )
    missing: Literal["drop", "mean", "median", "most_frequent"] | None = Field(
        None,
        description='how to handle missing inputs, which are refused by default. "drop" leaves out their rows. "mean", "median"'
        ' and "most_frequent" fill in this statistic of the training rows (for a category always the most frequent level) and'
        " add an input that marks the filled rows",
    )
    missing_target: Literal["drop"] | None = Field(
        None, description='how to handle rows without a target. By default, such rows are refused; "drop" leaves them out'
    )
    fingerprint: str | None = Field(
        None,
        description="fingerprint of the data at `path`, or in the `folder` of a data set. A search records it, and a "
        "continued search refuses data that have changed",
    )
    split: Literal["tail", "random", "stratified"] = Field(
        "random",
        description="how validation and test rows are chosen: the last rows (as in Keras), at random, or at random with the"
        " same share of each class",
    )
    validation: float = Field(0.15, ge=0, lt=1, description="share of the rows used for validation, rounded up; 0 for none")
    test: float = Field(
        0.15, ge=0, lt=1, description="share of the rows used for the test, rounded up; ignored if the data have a test set"
    )
    standardize: bool = Field(True, description="standardize inputs by mean and standard deviation of the training rows")
    standardize_targets: bool = Field(False, description="also standardize the targets of a regression")
    label_noise: float = Field(0.0, ge=0, le=1, description="share of training labels replaced by another class")
    class_weights: Literal["balanced"] | dict[str, float] | None = Field(
        None,
        description="draw training rows with probabilities in proportion to the weights of their classes. Each epoch draws as"
        ' many rows as there are training rows, with replacement. "balanced" draws each class equally often. With weights by'
        " class name, classes that are not named have weight 1. Losses and curvature are computed without weights",
    )
    subset: int | None = Field(None, ge=1, description="number of rows to keep, drawn at random before the split")
    shuffle: Literal["epoch", "once", "never"] = Field("epoch", description="when the training rows are shuffled")
    last_batch: Literal["keep", "drop"] = Field("keep", description="keep or drop a last batch that is smaller than the rest")
    seed: int = Field(
        0, ge=0, lt=2**32, description="seed of synthetic data, subset, split and label noise; independent of search.seed"
    )
    redraw: bool = Field(
        False,
        description="true: each replicate has its own synthetic data, subset, split and label noise, with seeds data.seed, "
        "data.seed + 1, …; independent of search.seed",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.name is None) == (self.path is None):
            raise UsageError('[data] needs either name (a data set, such as "digits") or path (your own file)')
        if self.name is not None:
            self._check_named()
        else:
            self._check_file()
        test = 0.0 if self.test_path else self.test
        if self.validation + test >= 1:
            raise UsageError(
                f"data.validation {self.validation:g} and data.test {test:g} leave no training rows: give two shares with a sum"
                " below 1"
            )
        return self

    @model_validator(mode="after")
    def _check_class_weights(self) -> Self:
        if self.class_weights is None:
            return self
        if self.shuffle == "never":
            raise UsageError(
                'data.class_weights draws rows at random, but data.shuffle = "never" keeps their order: give only one of them'
            )
        if isinstance(self.class_weights, dict):
            for name, weight in self.class_weights.items():
                if not (isfinite(weight) and weight > 0):
                    raise UsageError(f"data.class_weights.{name} = {weight:g}: give a finite number above 0")
        return self

    def _check_named(self) -> None:
        for key in FILE_KEYS:
            if getattr(self, key) is None or (key == "fingerprint" and "folder" in (self.model_extra or {})):
                continue
            assert self.name is not None
            installed = registry.names("datasets")
            if self.name not in installed:
                raise UsageError(
                    f"unknown dataset {self.name!r}: {suggestion(self.name, installed)}installed: {', '.join(installed)};"
                    f' to use a file, give its path, such as data.path = "./{self.name}"'
                )
            raise UsageError(f"data.{key} is for a file (data.path), but data.name is {self.name!r}: remove data.{key}")

    def _check_file(self) -> None:
        for key in self.model_extra or {}:
            raise UsageError(f"unknown key data.{key}: {nearest(key, DataSpec.model_fields)}")
        if self.task is None:
            raise UsageError('data.path needs data.task: give "regression" or "classification"')
        is_npz = str(self.path).lower().endswith(".npz")
        if not self.target and not is_npz:
            raise UsageError("data.path needs data.target: the column, the NPZ array, or for IDX the file of labels")
        if self.test_inputs is not None and not is_npz:
            raise UsageError("data.test_inputs is for NPZ files, but data.path has another format: remove data.test_inputs")
        if self.test_target is not None and self.test_path is None and not is_npz:
            raise UsageError("data.test_target needs data.test_path: give data.test_path too, or remove data.test_target")
        self._check_columns()
        self._check_dialect()

    def _check_columns(self) -> None:
        """Raise UsageError if a column is named twice in one key, or in two keys that exclude each other."""
        named = {key: listed(getattr(self, key)) for key in ("target", "inputs", "exclude")}
        named |= {key: () if value == "all" else listed(value) for key, value in self._encoded.items()}
        for key, names in named.items():
            for name in names:
                if names.count(name) > 1:
                    raise UsageError(f"data.{key} names {name!r} twice: remove one")
        if named["inputs"] and named["exclude"]:
            raise UsageError("data.inputs and data.exclude contradict each other: give one of them")
        for one, other in (("target", "inputs"), ("target", "exclude"), ("categories", "dates")):
            both = [name for name in named[one] if name in named[other]]
            if both:
                raise UsageError(f"{both[0]!r} is in both data.{one} and data.{other}: remove it from one of them")

    def _check_dialect(self) -> None:
        if self.separator is not None and (
            len(self.separator) != 1 or not self.separator.isascii() or self.separator in '"\r\n'
        ):
            raise UsageError(f'data.separator = {self.separator!r}: give one character, such as ";" or "\\t"')
        paths = [Path(path) for path in (self.path, self.test_path) if path]
        # Only CSV files have a decimal point. `load_file` refuses the key for Parquet and NPZ files.
        columnar = any(path.suffix.lower() in (".parquet", ".npz") for path in paths)
        tabbed = self.separator is None and all(map(is_tabbed, paths))
        if (self.decimal or ".") == (self.separator or ",") and not (tabbed or columnar):
            raise UsageError('data.decimal = "," needs another data.separator: set the separator of the file, such as ";"')
        try:
            "".encode(self.encoding or "utf-8")
        except (LookupError, ValueError) as error:
            raise UsageError(f'data.encoding = {self.encoding!r}: give an encoding of Python, such as "latin-1"') from error

    @property
    def _encoded(self) -> dict[str, str | list[str] | None]:
        return {"categories": self.categories, "dates": self.dates}

    @property
    def missing_texts(self) -> Sequence[str]:
        """The texts that mark a missing value: the usual texts and `missing_values`, or none if `missing_values` is []."""
        return [*MISSING_VALUES, *(self.missing_values or ())] if self.missing_values != [] else []

    @property
    def missing_numbers(self) -> tuple[float, ...]:
        """The given markers that are numbers. For example, "-999" marks -999.0 as missing in a column of numbers."""
        return numbers_among(text.replace(self.decimal or ".", ".") for text in self.missing_values or ())


def listed(given: str | list[str] | None) -> tuple[str, ...]:
    """Return a name or a list of names as a tuple, empty for None."""
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def dataset_settings(spec: DataSpec) -> dict[str, Any]:
    """Return every setting of the named data set, given or default. Return {} for a file.

    Raises UsageError for an unknown data set, an unknown key or an invalid value. The message names the nearest known key.
    """
    if spec.name is None:
        return {}
    settings = registry.get("datasets", spec.name).settings
    given = spec.model_extra or {}
    known = {setting.name for setting in settings}
    for key in given:
        if key not in known:
            raise SettingError(f"unknown key data.{key}: {nearest(key, known | DataSpec.model_fields.keys())}")
    return resolve(settings, given, "data")
