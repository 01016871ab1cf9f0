"""The header of a model file: all that predictions need except arrays, and the run that the weights come from."""

from math import isfinite
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sweepgd.core.layout import Layout
from sweepgd.models import Architecture, Shape, build

FORMAT: Literal["sweepgd model"] = "sweepgd model"
# Increased when a reader of the previous version would misread a file. Files of all versions up to this one can be read.
FORMAT_VERSION = 1


class Recorded(BaseModel):
    """The losses and errors that were recorded for the weights. They are None for a part of the data that has no rows."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    train_loss: float | None = None
    validation_loss: float | None = None
    test_loss: float | None = None
    train_error: float | None = None
    validation_error: float | None = None
    test_error: float | None = None


class Provenance(BaseModel):
    """The run that a model comes from. `settings` holds the run's configuration. `versions` holds the versions of the software
    that wrote the model file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sweep: str
    trial: int
    replicate: int
    which: str
    update: int
    data_fingerprint: str | None
    settings: dict[str, Any]
    recorded: Recorded
    versions: dict[str, str]


class ModelHeader(BaseModel):
    """The header of a model file.

    `columns` are the columns of new rows, and `inputs` are the model's inputs. Columns and inputs differ if categories or
    missing values were encoded by `levels`, `imputed` and `indicators`, as `sweepgd.data.Data` describes. `dates` are the
    columns of dates if `data.dates` is "all", or None if the record does not tell. If the inputs are images, `image` is their
    height, width and number of channels. `layers` is `Architecture.layers`. If `layers` is empty, only the name and the
    settings identify the model. `data` is the `[data]` table, and `data_seed` is the seed that draws its rows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal["sweepgd model"] = FORMAT
    version: int = FORMAT_VERSION
    task: Literal["regression", "classification"]
    columns: list[str] = Field(min_length=1)
    inputs: list[str] = Field(min_length=1)
    targets: list[str] = Field(min_length=1)
    classes: list[str]
    levels: dict[str, list[str]]
    imputed: dict[str, float | str]
    indicators: list[str]
    dates: list[str] | None = None
    image: list[int] | None = Field(None, min_length=3, max_length=3)
    name: str
    settings: dict[str, Any]
    distribution: str
    dtype: Literal["float32", "float64"]
    layers: list[dict[str, Any]]
    data: dict[str, Any]
    data_seed: int
    provenance: Provenance

    @property
    def encodes(self) -> bool:
        """True if the model's inputs differ from the columns of new rows."""
        return bool(self.levels or self.imputed or self.indicators)

    @property
    def consistent(self) -> bool:
        """True if the classes differ, the inputs are those of the columns, and levels, filled values and indicators are of the
        columns.
        """
        inputs = list[str]()
        for name in self.columns:
            inputs += [f"{name}={level}" for level in self.levels[name]] if name in self.levels else [name]
        return (
            self.inputs == [*inputs, *self.indicators]
            and len({*self.classes}) == len(self.classes)
            and {*self.levels, *self.imputed, *(name.removesuffix(" missing") for name in self.indicators)} <= {*self.columns}
            and all(
                fill in self.levels[name] if name in self.levels else not isinstance(fill, str) and isfinite(fill)
                for name, fill in self.imputed.items()
            )
        )

    def architecture(self) -> Architecture:
        """Build the model. Raises SweepgdError if the model is not installed or does not fit its settings."""
        height, width, channels = self.image or (0, 0, 0)
        image = (height, width, channels) if self.image else None
        shape = Shape(self.task, len(self.inputs), len(self.targets), len(self.classes), image)
        return build(self.name, self.settings, shape)


def same_layers(header: ModelHeader, layout: Layout, architecture: Architecture) -> bool:
    """Return True if an architecture has the layers and the layout of a model file."""
    return header.layers == list(map(dict, architecture.layers)) and (
        layout.shape == architecture.layout.shape and bool((layout == architecture.layout).all())
    )
