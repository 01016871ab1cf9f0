"""The `[measure]` table of a sweep file, with the measures to compute, the weights to measure at, and the rows to use."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator

from sweepgd.curvature.catalogue import MEASURES, settings_of


class MeasureSpec(BaseModel):
    """The `[measure]` table: the curvature measures to compute at the minimisers, and the training rows to use.

    `--set measure=false` removes the table.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    measures: list[str] = Field(["lambda_max"], min_length=1, description="names of measures: " + ", ".join(MEASURES))
    rows: PositiveInt | Literal["full"] = Field(512, description='training rows, a fixed random subset; "full" for all')
    which: list[Literal["final", "best"]] = Field(
        ["final"], min_length=1, description="at which weights of a run to measure: final, best, or both"
    )
    every: PositiveInt | None = Field(
        None, description="number of epochs between measurements of lambda_max during training; no such measurements by default"
    )
    rescale: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="also measure after rescaling layers by this factor, which leaves the network's outputs unchanged",
    )
    dtype: Literal["float32", "float64"] | None = Field(
        None, description="floating-point type of the measurements; the model's by default"
    )
    seed: int = Field(0, ge=0, lt=2**32, description="seed of the random subset, and of the random vectors of each measure")
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict, description="settings of each measure")

    @field_validator("rows", mode="before")
    @classmethod
    def _check_rows(cls, rows: Any) -> Any:
        if rows != "full" and (not isinstance(rows, int) or isinstance(rows, bool) or rows < 1):
            raise ValueError(f'give a whole number of at least 1, or "full", not {rows!r}')
        return rows

    def resolved(self) -> "MeasureSpec":
        """Return this table with each measure named once, and with all settings of the measures written out."""
        names = dict.fromkeys([*self.measures, *self.settings, *(["lambda_max"] if self.every else [])])
        return self.model_copy(
            update={
                "measures": list(dict.fromkeys(self.measures)),
                "which": list(dict.fromkeys(self.which)),
                "settings": {name: settings_of(name, self.settings.get(name, {})) for name in names},
            }
        )

    @model_validator(mode="after")
    def _measures_exist(self) -> "MeasureSpec":
        for name in {**dict.fromkeys(self.measures), **self.settings}:
            settings_of(name, self.settings.get(name, {}))
        return self
