"""The tables of a sweep file as validated, frozen classes, with a description of every key."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator

from sweepgd.core.errors import UsageError
from sweepgd.curvature.measure_spec import MeasureSpec
from sweepgd.data import DataSpec
from sweepgd.data.variable_settings import VARIABLE
from sweepgd.sweep.budget import Budget
from sweepgd.sweep.claim_spec import ClaimSpec
from sweepgd.sweep.entries import Entry, SettingEntry

# The most replicates of a trial, and the most trials of a generation. A process holds all of them in memory at once.
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


# In version 1, samplers may propose a configuration again. In version 2, they do not.
SAMPLER_VERSION = 2


class ModelSpec(BaseModel):
    """The `[model]` table. All keys except `name` and `dtype` are settings of the named model."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    name: str = Field("mlp", description="an installed model")
    dtype: Literal["float32", "float64"] = Field("float32", description="floating-point type of parameters and data")


class SpaceSpec(BaseModel):
    """The `[space]` table: each entry is a value, a list, or a range `{low, high, log, step}`.

    The learning rate, and settings in tables such as `[optimizer.adam]`, may also be "search": the search then uses the range
    that the optimizer or schedule suggests.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    batch_size: Entry = Field(32, description='training rows per update; "full" for all of them')
    learning_rate: Entry | None = Field(None, description="step size; by default, the range that each optimizer suggests")
    optimizer: Entry = Field("sgd", description="names of installed optimizers")
    schedule: Entry = Field("constant", description="names of installed schedules")
    batch_schedule: Entry = Field("constant", description="constant or growth")
    warmup: Entry = Field(0.0, description="epochs of linear warm-up")
    schedule_after_warmup: Entry = Field(
        False,
        description="true: the schedule starts after the warm-up; false: the schedule starts with the run, and its values are "
        "multiplied by the warm-up",
    )
    weight_decay: Entry | None = Field(
        None, description="L2 penalty on weights, or decoupled decay for optimizers with decoupled decay"
    )
    model: dict[str, SettingEntry] = Field(
        default_factory=dict,
        description='settings of the model that differ from trial to trial, such as `model.activation = ["relu", "tanh"]`; a'
        " setting that is a list takes a list of lists, such as `model.hidden = [[32], [128, 128]]`",
    )
    data: dict[str, SettingEntry] = Field(
        default_factory=dict,
        description="settings of the data that differ from trial to trial: " + ", ".join(VARIABLE) + ", and settings of the"
        " named data set, such as `data.rows = [100, 1000]`",
    )


class RecordSpec(BaseModel):
    """The `[record]` table: what is stored of each run."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    minima: bool = Field(
        True,
        description="true: the final and the best weights are stored. Without these weights, curvature, landscapes and learned"
        " weights of the runs are not available",
    )
    gradient_norm: bool = Field(
        True,
        description="true: evaluations also compute the norm of the gradient of all training rows. For a network of layers on"
        " images, this doubles or triples the time of an evaluation",
    )


class SearchSpec(BaseModel):
    """The `[search]` table: how configurations are chosen, and how many are run."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sampler: str = Field("random", description="random, grid, quasi_random, tpe, nsga2, cmaes or gp")
    trials: PositiveInt | None = Field(
        None,
        description="number of configurations in all, including points; at most the size of the space. By default, the grid "
        "sampler runs the whole grid, and other samplers run 20",
    )
    scale: float = Field(
        1.0,
        gt=0,
        le=1,
        allow_inf_nan=False,
        description="share of the trials to run, rounded up, each with all replicates; `--scale` sets this key too. The"
        " first trials are run, or with the grid sampler, points spread evenly over the whole grid",
    )
    replicates: int = Field(
        1,
        gt=0,
        le=MOST_AT_ONCE,
        description="runs per configuration, with the seeds seed, seed + 1, …, which are the same for every configuration",
    )
    objective: str | None = Field(None, description="the result to minimise: " + ", ".join(OBJECTIVES))
    objectives: list[str] | None = Field(None, description="several objectives to minimise at once")
    pruner: str = Field("none", description="none, median, asha or hyperband")
    seed: int = Field(
        0,
        ge=0,
        lt=2**32,
        description="seed of the search, and of the weights and batches of the first replicate; the data depend on data.seed "
        "only, even with data.redraw",
    )
    generation: int = Field(
        8,
        gt=0,
        le=MOST_AT_ONCE,
        description="number of trials that an adaptive sampler proposes together, before it sees any of their results",
    )
    sampler_version: Literal[1, 2] | None = Field(
        None,
        description="written by a search to its results: samplers of version 2 never propose a configuration "
        "twice, but samplers of version 1 may. A new search has version 2, and results without this key have version 1",
    )

    @model_validator(mode="after")
    def _objectives_exist(self) -> "SearchSpec":
        if self.objective is not None and self.objectives is not None:
            raise ValueError("give objective or objectives, not both")
        for name in [self.objective, *(self.objectives or [])]:
            if name is not None and name.startswith("test"):
                raise UsageError(
                    f"search.objective = {name!r}: a search must not use the test rows; use validation_loss or validation_error"
                )
            if name is not None and name not in OBJECTIVES:
                raise UsageError(f"search.objective = {name!r} is not an objective; give one of: {', '.join(OBJECTIVES)}")
        if self.objectives is not None and (not self.objectives or len(set(self.objectives)) < len(self.objectives)):
            raise ValueError("objectives must name at least one objective, and each only once")
        return self


class PointSpec(BaseModel):
    """A `[[points]]` table: a configuration that runs first. A key that is not given has the value that `[space]` fixes, or its
    default.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    optimizer: str | None = Field(None, description="an installed optimizer")
    hyperparameters: dict[str, float] = Field(default_factory=dict, description="settings of the optimizer")
    learning_rate: float | None = Field(None, description="step size")
    batch_size: int | Literal["full"] | None = Field(None, description='training rows per update, or "full"')
    schedule: str | None = Field(None, description="an installed schedule")
    schedule_settings: dict[str, Any] = Field(default_factory=dict, description="settings of the schedule")
    batch_schedule: str | None = Field(None, description="constant or growth")
    batch_schedule_settings: dict[str, Any] = Field(default_factory=dict, description="settings of the batch-size schedule")
    warmup: float | None = Field(None, description="epochs of linear warm-up")
    schedule_after_warmup: bool | None = Field(None, description="true if the schedule starts after the warm-up")
    weight_decay: float | None = Field(None, description="weight decay")
    model: dict[str, Any] = Field(default_factory=dict, description="settings of the model, as in `[model]`")
    data: dict[str, Any] = Field(default_factory=dict, description="settings of the data that `[space]` may vary")


class Sweep(BaseModel):
    """A whole sweep file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="name of the sweep and of its results directory")
    description: str = Field("", description="the question that the sweep answers")
    source: str = Field("", description="the publication that the question comes from")
    run_time: str = Field("", description='how long the whole sweep takes, and on how many cores, such as "40 s on 2 cores"')
    requires: list[str] = Field(default_factory=list, description="packages of plugins that must be installed")
    data: DataSpec = Field(description="the data, their split and preparation")
    model: ModelSpec = Field(default_factory=lambda: ModelSpec(), description="the model")
    budget: Budget = Field(description="the length of a run")
    space: SpaceSpec = Field(default_factory=lambda: SpaceSpec(), description="the hyperparameters to search")
    optimizer: dict[str, dict[str, Entry]] = Field(
        default_factory=dict, description="settings of each optimizer; also learning_rate, if the optimizer has a separate one"
    )
    schedule: dict[str, dict[str, Entry]] = Field(default_factory=dict, description="settings of each schedule")
    batch_schedule: dict[str, dict[str, Entry]] = Field(
        default_factory=dict, description="settings of each batch-size schedule"
    )
    search: SearchSpec = Field(default_factory=lambda: SearchSpec(), description="the search: sampler, trials, objective")
    record: RecordSpec = Field(default_factory=lambda: RecordSpec(), description="what is stored of each run")
    measure: MeasureSpec | None = Field(None, description="curvature measures at the minimisers")
    points: list[PointSpec] = Field(default_factory=list, description="configurations that run first, as given")
    claims: list[ClaimSpec] = Field(default_factory=list, description="what the sweep is expected to show")
    plugins: dict[str, str] = Field(
        default_factory=dict,
        description="written by a search to its results: the name and SHA-256 of each file given with `--plugin`",
    )

    @field_validator("measure", mode="before")
    @classmethod
    def _measure_is_off(cls, measure: Any) -> Any:
        """Return None for false. TOML has no null, so users write `--set measure=false` to remove a `[measure]` table."""
        return None if measure is False else measure

    @property
    def folder(self) -> str:
        """The name of the default results directory. The name contains a scale below 1, so that the results of the whole sweep
        stay separate.
        """
        return self.name if self.search.scale == 1.0 else f"{self.name}-scale-{self.search.scale:g}"

    @model_validator(mode="after")
    def _measures_are_possible(self) -> "Sweep":
        if self.measure is not None and not self.record.minima:
            raise UsageError("[measure] measures the recorded weights, but record.minima is false: remove one of them")
        if self.measure is not None and self.measure.every is not None and self.budget.evaluate is not None:
            raise UsageError("measure.every needs evaluations at epoch ends, but budget.evaluate replaces them: remove one key")
        return self

    @model_validator(mode="after")
    def _settings_given_once(self) -> "Sweep":
        for kind, fixed in (("model", self.model), ("data", self.data)):
            for key in getattr(self.space, kind):
                if key in fixed.model_fields_set:
                    raise UsageError(f"{kind}.{key} and space.{kind}.{key} are the same setting: give only one of them")
        return self
