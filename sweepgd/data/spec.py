"""The `[data]` table of a sweep file."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sweepgd import registry
from sweepgd.problem import UsageProblem, nearest
from sweepgd.setting import resolve

FILE_KEYS = ("target", "inputs", "task", "test_path", "test_target", "fingerprint")


class DataSpec(BaseModel):
    """Which data, how it is split and prepared, and how batches are drawn from it.

    Any key that is not listed here is a setting of the named data set. The default split is random for every task:
    a stratified one, better balanced, refuses data with a class too small. Raises UsageProblem where keys contradict.
    """

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    name: str | None = Field(None, description="an installed data set; or else give `path`")
    path: str | None = Field(None, description="a CSV, Parquet, NPZ or IDX file; CSV and IDX also as .gz")
    target: str | list[str] | None = Field(
        None, description="with `path`: the target's column or columns, or NPZ array; for IDX the file of labels"
    )
    inputs: str | list[str] | None = Field(
        None, description="with `path`: the input columns, or NPZ array; by default all but the target"
    )
    task: Literal["regression", "classification"] | None = Field(None, description="with `path`: what is to be learned")
    test_path: str | None = Field(None, description="with `path`: a test file of its own, of the same format")
    test_target: str | None = Field(None, description="the target in `test_path`, where it differs from `target`")
    fingerprint: str | None = Field(
        None, description="with `path`: written by a search to its results, where a file that has changed since is refused"
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

    def _check_named(self) -> None:
        for key in FILE_KEYS:
            if getattr(self, key) is not None:
                raise UsageProblem(f"data.{key} goes with data.path, and the data is named {self.name!r}: remove it")

    def _check_file(self) -> None:
        for key in self.model_extra or {}:
            raise UsageProblem(f"unknown key data.{key}: {nearest(key, DataSpec.model_fields)}")
        if self.task is None:
            raise UsageProblem('data.path needs data.task: give "regression" or "classification"')
        if not self.target:
            raise UsageProblem("data.path needs data.target: the column, the NPZ array, or for IDX the file of labels")
        if self.test_target is not None and self.test_path is None:
            raise UsageProblem("data.test_target needs data.test_path: give the test file too, or remove it")


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
