"""How long a run may last, and what ends it early."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

# No run is as long as this; products with the rows of any data fit 64 bits.
LONGEST = 10**12

AtLeastOne = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(gt=0, le=LONGEST)]


class Budget(BaseModel):
    """The `[budget]` table of a sweep: one of epochs, updates, samples or seconds, and the rules that stop a run."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    epochs: Count | None = Field(None, description="passes over the training rows")
    updates: Count | None = Field(None, description="parameter changes")
    samples: Count | None = Field(None, description="training rows seen; the run ends at the first update at or after it")
    seconds: float | None = Field(None, gt=0, allow_inf_nan=False, description="seconds of training, evaluation not counted")
    length: Count | None = Field(None, description="epochs that schedules are stretched over, where the budget is in seconds")
    stop_at: float | None = Field(None, allow_inf_nan=False, description="stop once the train loss is at or below this")
    patience: AtLeastOne | None = Field(None, description="stop after so many evaluations without a new best validation loss")
    goal: float | None = Field(
        None,
        allow_inf_nan=False,
        description="steps_to_goal: the first update with validation error (regression: loss) below this; else train",
    )
    eval_every: Count | None = Field(None, description="samples between evaluations, besides those at each epoch's end")
    divergence: float = Field(1e4, gt=1.0, description="diverged: a loss beyond this many times max(1, the initial train loss)")

    @model_validator(mode="after")
    def _one_measure(self) -> "Budget":
        given = [name for name in ("epochs", "updates", "samples", "seconds") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of epochs, updates, samples, seconds (given: {', '.join(given) or 'none'})")
        if self.length is not None and self.seconds is None:
            raise ValueError("length goes with a budget in seconds; any other budget has a length of its own")
        return self
