"""How long a run may last, and what ends it early."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

AtLeastOne = Annotated[int, Field(ge=1)]


class Budget(BaseModel):
    """The `[budget]` table of a sweep: one of epochs, updates, samples or seconds, and the rules that stop a run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: PositiveInt | None = Field(None, description="passes over the training rows")
    updates: PositiveInt | None = Field(None, description="parameter changes")
    samples: PositiveInt | None = Field(None, description="training rows seen; the run ends at the first update at or after it")
    seconds: PositiveFloat | None = Field(None, description="seconds of training, evaluation not counted")
    length: PositiveInt | None = Field(
        None, description="epochs that schedules are stretched over, where the budget is in seconds"
    )
    stop_at: float | None = Field(None, allow_inf_nan=False, description="stop once the train loss is at or below this")
    patience: AtLeastOne | None = Field(None, description="stop after so many evaluations without a new best validation loss")
    goal: float | None = Field(
        None,
        description="steps_to_goal: the first update with validation error (regression: loss) below this; else train",
    )
    eval_every: PositiveInt | None = Field(None, description="samples between evaluations, besides those at each epoch's end")
    divergence: float = Field(1e4, gt=1.0, description="diverged: a loss beyond this many times max(1, the initial train loss)")

    @model_validator(mode="after")
    def _one_measure(self) -> "Budget":
        given = [name for name in ("epochs", "updates", "samples", "seconds") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of epochs, updates, samples, seconds (given: {', '.join(given) or 'none'})")
        if self.length is not None and self.seconds is None:
            raise ValueError("length goes with a budget in seconds; any other budget has a length of its own")
        return self
