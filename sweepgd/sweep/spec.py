"""The tables of a sweep file as validated, frozen classes: the reference of every key."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator

from sweepgd.budget import Budget
from sweepgd.data import DataSpec
from sweepgd.measures import MEASURES, settings_of
from sweepgd.problem import UsageProblem
from sweepgd.sweep.entries import Entry

# Replicates of a trial, or trials of a generation: a process holds all of them.
MOST_AT_ONCE = 10_000
OBJECTIVES = (
    "validation_loss",
    "validation_error",
    "best_validation_loss",
    "train_loss",
    "train_error",
    "train_seconds",
    "steps_to_goal",
)


# 1: samplers may propose a configuration again. 2: they do not.
SAMPLER_VERSION = 2


class ModelSpec(BaseModel):
    """The `[model]` table. Any further key is a setting of the named model."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    name: str = Field("mlp", description="an installed model")
    dtype: Literal["float32", "float64"] = Field("float32", description="floating-point type of parameters and data")


class SpaceSpec(BaseModel):
    """The `[space]` table: each entry a value, a list, or a range `{low, high, log, step}`.

    The learning rate, and settings in tables such as `[optimizer.adam]`, may also be "search": the rule's own range.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    batch_size: Entry = Field(32, description='rows an update; "full" for all of them')
    learning_rate: Entry | None = Field(None, description="step size; left out, each optimizer searches its own range")
    optimizer: Entry = Field("sgd", description="names of installed optimizers")
    schedule: Entry = Field("constant", description="names of installed schedules")
    batch_schedule: Entry = Field("constant", description="constant or growth")
    warmup: Entry = Field(0.0, description="epochs of linear warm-up")
    schedule_after_warmup: Entry = Field(
        False, description="true: the schedule begins after the warm-up; false: from the run's beginning, multiplied by it"
    )
    weight_decay: Entry | None = Field(None, description="L2 penalty on weights, or decoupled decay where the rule has its own")


class SearchSpec(BaseModel):
    """The `[search]` table."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sampler: str = Field("random", description="random, grid, quasi_random, tpe, nsga2, cmaes or gp")
    trials: PositiveInt | None = Field(
        None,
        description="configurations in all, points included, at most as many as there are; by default a whole grid, else 20",
    )
    replicates: int = Field(
        1, gt=0, le=MOST_AT_ONCE, description="seeds a configuration: seed, seed + 1, …; the same ones for every configuration"
    )
    objective: str | None = Field(None, description="what is minimised: " + ", ".join(OBJECTIVES))
    objectives: list[str] | None = Field(None, description="several of them at once")
    pruner: str = Field("none", description="none, median, asha or hyperband")
    seed: int = Field(
        0,
        ge=0,
        lt=2**32,
        description="seed of the search and of the first replicate's weights and batches; data.seed alone changes the data,"
        " also with data.redraw",
    )
    generation: int = Field(
        8, gt=0, le=MOST_AT_ONCE, description="trials that an adaptive sampler asks for before it is told any of them"
    )
    sampler_version: Literal[1, 2] | None = Field(
        None,
        description="written by a search to its results: 2 proposes no configuration twice, 1 may, also where results do not"
        " say; left out, a new search has 2",
    )

    @model_validator(mode="after")
    def _objectives_exist(self) -> "SearchSpec":
        if self.objective is not None and self.objectives is not None:
            raise ValueError("give objective or objectives, not both")
        for name in [self.objective, *(self.objectives or [])]:
            if name is not None and name.startswith("test"):
                raise UsageProblem(
                    f"search.objective = {name!r}: a search must not see the test part; use validation_loss or validation_error"
                )
            if name is not None and name not in OBJECTIVES:
                raise UsageProblem(f"search.objective = {name!r}: known: {', '.join(OBJECTIVES)}")
        if self.objectives is not None and (not self.objectives or len(set(self.objectives)) < len(self.objectives)):
            raise ValueError("objectives must name at least one objective, and none twice")
        return self


class MeasureSpec(BaseModel):
    """The `[measure]` table: which curvature is measured at the minimisers, and on which training rows.

    `--set measure=false` leaves the table of a file out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    measures: list[str] = Field(["lambda_max"], min_length=1, description="names of measures: " + ", ".join(MEASURES))
    rows: PositiveInt | Literal["full"] = Field(512, description='training rows, a fixed random subset; "full" for all')
    which: list[Literal["final", "best"]] = Field(["final"], min_length=1, description="at which of a run's weights")
    every: PositiveInt | None = Field(
        None, description="epochs from one look at lambda_max to the next along training; none if left out"
    )
    rescale: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="measure also other weights of the same function, layers rescaled by this"
    )
    dtype: Literal["float32", "float64"] | None = Field(
        None, description="floating-point type to measure in; the model's if left out"
    )
    seed: int = Field(0, ge=0, lt=2**32, description="seed of the subset, and of each measure's random vectors")
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict, description="settings of each measure")

    @field_validator("rows", mode="before")
    @classmethod
    def _rows_are_some(cls, rows: Any) -> Any:
        if rows != "full" and (not isinstance(rows, int) or isinstance(rows, bool) or rows < 1):
            raise ValueError(f'give a whole number of at least 1, or "full", not {rows!r}')
        return rows

    def resolved(self) -> "MeasureSpec":
        """This table with every setting of every measure that it asks for, each named once."""
        asked = dict.fromkeys([*self.measures, *self.settings, *(["lambda_max"] if self.every else [])])
        return self.model_copy(
            update={
                "measures": list(dict.fromkeys(self.measures)),
                "which": list(dict.fromkeys(self.which)),
                "settings": {name: settings_of(name, self.settings.get(name, {})) for name in asked},
            }
        )

    @model_validator(mode="after")
    def _measures_exist(self) -> "MeasureSpec":
        for name in {**dict.fromkeys(self.measures), **self.settings}:
            settings_of(name, self.settings.get(name, {}))
        return self


class PointSpec(BaseModel):
    """A `[[points]]` table: a configuration that runs first, as given; what it leaves out is the fixed value or the default."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    optimizer: str | None = Field(None, description="an installed optimizer")
    hyperparameters: dict[str, float] = Field(default_factory=dict, description="of the optimizer")
    learning_rate: float | None = Field(None, description="step size")
    batch_size: int | Literal["full"] | None = Field(None, description='rows an update, or "full"')
    schedule: str | None = Field(None, description="an installed schedule")
    schedule_settings: dict[str, Any] = Field(default_factory=dict, description="of the schedule")
    batch_schedule: str | None = Field(None, description="constant or growth")
    batch_schedule_settings: dict[str, Any] = Field(default_factory=dict, description="of the batch-size schedule")
    warmup: float | None = Field(None, description="epochs of linear warm-up")
    schedule_after_warmup: bool | None = Field(None, description="whether the schedule begins after the warm-up")
    weight_decay: float | None = Field(None, description="weight decay")


class Sweep(BaseModel):
    """A whole sweep file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="names the results directory")
    description: str = Field("", description="the question that the sweep asks")
    source: str = Field("", description="the publication that the question comes from")
    data: DataSpec = Field(description="which data, split and prepared how")
    model: ModelSpec = Field(default_factory=lambda: ModelSpec(), description="which model")
    budget: Budget = Field(description="how long a run lasts")
    space: SpaceSpec = Field(default_factory=lambda: SpaceSpec(), description="what is searched")
    optimizer: dict[str, dict[str, Entry]] = Field(
        default_factory=dict, description="settings of each optimizer, and a learning_rate of its own"
    )
    schedule: dict[str, dict[str, Entry]] = Field(default_factory=dict, description="settings of each schedule")
    batch_schedule: dict[str, dict[str, Entry]] = Field(
        default_factory=dict, description="settings of each batch-size schedule"
    )
    search: SearchSpec = Field(default_factory=lambda: SearchSpec(), description="how it is searched")
    measure: MeasureSpec | None = Field(None, description="what is measured of the minimisers' curvature")
    points: list[PointSpec] = Field(default_factory=list, description="configurations that run first, as given")
    plugins: dict[str, str] = Field(
        default_factory=dict,
        description="written by a search to its results: each file given with `--plugin`, and its SHA-256",
    )

    @field_validator("measure", mode="before")
    @classmethod
    def _measure_is_off(cls, measure: Any) -> Any:
        """Where a file measures, `--set measure=false` is the only way not to, as TOML has no null."""
        return None if measure is False else measure
