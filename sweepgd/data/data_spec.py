"""The `[data]` table of a sweep file."""

from collections.abc import Sequence
from math import isfinite
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sweepgd.core.errors import SettingError, UsageError, nearest
from sweepgd.core.setting import resolve
from sweepgd.data.augmentation import augmentation
from sweepgd.data.missing_markers import MISSING_VALUES, numbers_among
from sweepgd.data.spec_checks import check_file, check_named, has_labels
from sweepgd.plugins import registry


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
        description="a CSV, TSV, Parquet, NPZ or IDX file (CSV, TSV and IDX also as .gz), a binary file of CIFAR-10 or"
        " CIFAR-100, or a folder: of CIFAR's binary files, or of PNG and JPEG files in one folder for each class. Like all data"
        " paths, it is relative to the sweep file",
    )
    target: str | list[str] | None = Field(
        None,
        description="with `path`: the target column or columns, the NPZ array, for IDX the file of labels, or for CIFAR-100"
        ' "fine" (default) or "coarse"; not needed for CIFAR-10, a folder of images, or an NPZ file with x_train, y_train,'
        " x_test and y_test",
    )
    inputs: str | list[str] | None = Field(
        None,
        description="with `path`: the input columns, or the NPZ array; by default all columns except the target. Booleans"
        " become 0 and 1",
    )
    exclude: str | list[str] | None = Field(None, description="columns to leave out of the inputs, besides the target")
    task: Literal["regression", "classification"] | None = Field(
        None, description='with `path`: the task; "classification" by default for a folder of images and for CIFAR\'s files'
    )
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
    standardize: bool | Literal["channels"] = Field(
        True,
        description='standardize inputs by mean and standard deviation of the training rows; "channels" takes these over all'
        " pixels of a channel of images, as does true with a model of layers that reads images",
    )
    standardize_targets: bool = Field(False, description="also standardize the targets of a regression")
    augment: list[str] | None = Field(
        None,
        description='random changes of training images, new for each update: "crop 4" shifts an image by up to 4 pixels, "flip"'
        ' mirrors half of the images, "cutout 8" covers a square of 8 × 8 pixels; new and covered pixels are 0, the mean of'
        " standardized inputs. For models that read images",
    )
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

    @field_validator("name")
    @classmethod
    def _with_underscores(cls, name: str | None) -> str | None:
        """Accept a name with hyphens, such as fashion-mnist, for the data set fashion_mnist."""
        spelled = (name or "").replace("-", "_")
        return spelled if spelled != name and spelled in registry.names("datasets") else name

    @model_validator(mode="before")
    @classmethod
    def _task_of_images(cls, given: Any) -> Any:
        """Add the task of images whose files or folders name their classes. No other task is possible."""
        if isinstance(given, dict) and isinstance(given.get("path"), str) and given.get("task") is None:
            return given | {"task": "classification"} if has_labels(given["path"]) else given
        return given

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.name is None) == (self.path is None):
            raise UsageError('[data] needs either name (a data set, such as "digits") or path (your own file)')
        if self.name is not None:
            check_named(self)
        else:
            check_file(self)
        test = 0.0 if self.test_path else self.test
        if self.validation + test >= 1:
            raise UsageError(
                f"data.validation {self.validation:g} and data.test {test:g} leave no training rows: give two shares with a sum"
                " below 1"
            )
        return self

    @model_validator(mode="after")
    def _check_augment(self) -> Self:
        augmentation(self.augment or ())  # raises an error for a text that is no change
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

    @property
    def missing_texts(self) -> Sequence[str]:
        """The texts that mark a missing value: the usual texts and `missing_values`, or none if `missing_values` is []."""
        return [*MISSING_VALUES, *(self.missing_values or ())] if self.missing_values != [] else []

    @property
    def missing_numbers(self) -> tuple[float, ...]:
        """The given markers that are numbers. For example, "-999" marks -999.0 as missing in a column of numbers."""
        return numbers_among(text.replace(self.decimal or ".", ".") for text in self.missing_values or ())


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
