"""The budget of a run, and the rules that stop it early."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

# This limit is longer than any run. The product of the limit and the number of rows still fits in 64 bits.
LONGEST = 10**12

AtLeastOne = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(gt=0, le=LONGEST)]


class Budget(BaseModel):
    """The `[budget]` table of a sweep: one of epochs, updates, samples or seconds, and the rules that stop a run early."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    epochs: Count | None = Field(None, description="passes over the training rows")
    updates: Count | None = Field(None, description="updates of the parameters")
    samples: Count | None = Field(
        None, description="number of training rows to use; the run ends at the first update that reaches this number"
    )
    seconds: float | None = Field(None, gt=0, allow_inf_nan=False, description="seconds of training, not counting evaluations")
    length: Count | None = Field(
        None, description="for a budget in seconds: the number of epochs that schedules take as the length of the run"
    )
    stop_at: float | None = Field(None, allow_inf_nan=False, description="stop when the train loss is at or below this value")
    patience: AtLeastOne | None = Field(None, description="stop after this many evaluations without a new best validation loss")
    goal: float | None = Field(
        None,
        allow_inf_nan=False,
        description="`steps_to_goal` is the first update at which the validation error (for a regression, the validation loss)"
        " is below this value; without validation rows, the train error or loss counts",
    )
    eval_every: Count | None = Field(
        None, description="samples between evaluations, in addition to the evaluations at the end of each epoch"
    )
    evaluate: Count | Literal["end"] | None = Field(
        None,
        description='evaluate after every so many updates, instead of at the end of each epoch; "end": evaluate only'
        " at the start and the end of a run. The start is always evaluated, because `divergence` depends on the loss there."
        " The loss of every mini-batch is also checked for divergence",
    )
    divergence: float = Field(
        1e4, gt=1.0, description="a run diverges if a loss exceeds this value × max(1, initial train loss)"
    )

    @model_validator(mode="after")
    def _one_measure(self) -> "Budget":
        given = [name for name in ("epochs", "updates", "samples", "seconds") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of epochs, updates, samples, seconds (given: {', '.join(given) or 'none'})")
        if self.evaluate is not None and self.eval_every is not None:
            raise ValueError("evaluate and eval_every contradict each other: give one of them")
        if self.length is not None and self.seconds is None:
            raise ValueError("length goes with a budget in seconds: leave it out for other budgets")
        return self
