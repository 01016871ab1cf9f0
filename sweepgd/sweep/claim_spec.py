"""A `[[claims]]` table of a sweep file: a sentence, and a statistic of the recorded runs that decides the claim."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sweepgd.core.errors import UsageError

Scalar = bool | int | float | str

STATISTICS = {
    "mean": "the mean of `of`",
    "difference": "the mean of `of` in the second group minus the mean in the first group",
    "ratio": "the geometric mean of `of` in the second group divided by the geometric mean in the first group",
    "ordering": "the smallest increase of the mean of `of` from one group to the next, in the order of `groups`",
    "slope": "the slope of log(`of`) against log(`by`), which is the exponent of a power law",
    "rank_correlation": "Kendall's τ-b of `of` and `by`",
    "rate_exponent": "the exponent of the best learning rate as a power of the batch size",
    "critical_batch_size": "B_crit of the fit S = S_min (1 + B_crit/B) to the updates to the goal",
    "rate_range": "the range of learning rates within 10 % of the best (highest rate divided by lowest rate) in the second "
    "group, divided by the range in the first group",
    "boundary_dimension": "the box-counting dimension of the boundary between runs that complete and runs that diverge",
}
# The smallest and largest number of groups that each of these statistics compares. Other statistics take no groups.
GROUPS = {"difference": (2, 2), "ratio": (2, 2), "ordering": (2, 100), "rate_range": (2, 2)}
WITHOUT_BY = ("mean", "rate_exponent", "critical_batch_size", "boundary_dimension")
# These statistics are computed from all runs. Of the keys that choose runs, only `where` applies.
LAWS = ("rate_exponent", "critical_batch_size", "rate_range", "boundary_dimension")
# The columns of which `rate_range` compares two values.
RANGE_COLUMNS = ("batch_size", "optimizer")
# Statistics that are ratios of two groups, with 1 as the default of the expected value.
RATIOS = ("ratio", "rate_range")
# Statistics whose estimates are on a logarithmic scale.
POSITIVE = (*RATIOS, "critical_batch_size")


class Interval(BaseModel):
    """`{min, max}`: numbers from `min` to `max`. Either bound may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    min: float | int | None = Field(None, description="smallest value")
    max: float | int | None = Field(None, description="largest value (included)")


class ClaimSpec(BaseModel):
    """A `[[claims]]` table. `analyze` answers whether the claim is held, not held, or cannot be decided."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    says: str = Field(min_length=1, description="the claim as a sentence")
    statistic: Literal[
        "mean",
        "difference",
        "ratio",
        "ordering",
        "slope",
        "rank_correlation",
        "rate_exponent",
        "critical_batch_size",
        "rate_range",
        "boundary_dimension",
    ] = Field(description="; ".join(f"{name}: {meaning}" for name, meaning in STATISTICS.items()))
    of: str | None = Field(
        None,
        description="a column of numbers: a column of the trials table, a hyperparameter, a measure such as lambda_max, or"
        " diverged (1 or 0)",
    )
    by: str | None = Field(None, description="the column that is compared, such as batch_size")
    groups: list[Scalar] = Field(
        default_factory=list, description="the values of `by` that are compared, for difference, ratio, ordering and rate_range"
    )
    where: dict[str, Scalar | list[Scalar] | Interval] = Field(
        default_factory=dict, description="only runs with these values of other columns: a value, a list, or {min, max}"
    )
    best: bool = Field(
        False,
        description="true: on each replicate, a group is represented by the configuration that is best by the objective on the "
        "other replicates",
    )
    relation: Literal[">", "<", "="] = Field(">", description="how the statistic compares with `value`")
    value: float | None = Field(None, description="the expected value; by default 1 for ratio and rate_range, otherwise 0")
    tolerance: float | None = Field(None, gt=0, description='with relation "=": the largest distance from `value`')
    over: Literal["all", "replicates"] = Field(
        "all",
        description='"all": the interval is over configurations and replicates; "replicates": over replicates only, for a'
        " claim about exactly these configurations",
    )
    confidence: float = Field(0.95, gt=0.5, lt=1, description="the confidence of the interval that decides the claim")

    @property
    def threshold(self) -> float:
        """The expected value, or the default of the statistic if the claim gives no value."""
        return (1.0 if self.statistic in RATIOS else 0.0) if self.value is None else self.value

    @model_validator(mode="after")
    def _is_complete(self) -> "ClaimSpec":
        named = f"the claim {self.says!r}"
        if (self.of is None) != (self.statistic in LAWS):
            needs = "needs `of`, the column of its values" if self.of is None else "takes no `of`: remove it"
            raise UsageError(f"{named}: statistic {self.statistic!r} {needs}")
        if self.statistic in LAWS and self.statistic not in RATIOS and self.value is None:
            raise UsageError(f"{named}: statistic {self.statistic!r} needs the expected `value`")
        if (self.by is None) != (self.statistic in WITHOUT_BY):
            needs = "needs `by`, the column that it compares" if self.by is None else "takes no `by`: remove it, or use `where`"
            raise UsageError(f"{named}: statistic {self.statistic!r} {needs}")
        least, most = GROUPS.get(self.statistic, (0, 0))
        if not least <= len(self.groups) <= most:
            count = f"needs {least} `groups`" if most == least else f"needs {least} or more `groups`"
            needs = count if most else "takes no `groups`: use `where`"
            raise UsageError(f"{named}: statistic {self.statistic!r} {needs}")
        if len({str(group) for group in self.groups}) < len(self.groups):
            raise UsageError(f"{named}: a group occurs twice in {self.groups}")
        if (self.relation == "=") != (self.tolerance is not None):
            raise UsageError(f'{named}: relation "=" and `tolerance` belong together: give both or neither')
        if self.statistic == "ordering" and (self.relation != ">" or self.value is not None):
            raise UsageError(f"{named}: statistic 'ordering' takes no relation and no value: list `groups` in increasing order")
        if self.statistic in POSITIVE and self.threshold - (self.tolerance or 0.0) <= 0:
            raise UsageError(f"{named}: a {self.statistic} is always above 0: give a larger value, or a smaller tolerance")
        if self.statistic == "rate_range" and self.by not in RANGE_COLUMNS:
            raise UsageError(f"{named}: statistic 'rate_range' compares {' or '.join(RANGE_COLUMNS)}, and `by` is {self.by!r}")
        if self.best and (self.statistic not in GROUPS or self.statistic in LAWS):
            raise UsageError(f"{named}: `best` is for difference, ratio and ordering: remove it")
        return self
