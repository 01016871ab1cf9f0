"""Decisions from the evaluations of a run: the best weights, the updates to the goal, divergence, and early stopping."""

from math import inf, isfinite, isnan, nan
from typing import Any

import numpy.typing as npt

from sweepgd.core.outcome import COMPLETED, DIVERGED, Outcome
from sweepgd.sweep.budget import Budget
from sweepgd.training.evaluation import Best, Evaluation


class RunMonitor:
    """Observes the evaluations of one run in order."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._best_loss = inf
        self._train_loss = nan
        self._without_improvement = 0
        self.limit = inf
        """The loss above which the run has diverged. The first evaluation sets this limit."""
        self.best: Best | None = None
        self.steps_to_goal: int | None = None

    def observe(self, point: Evaluation, parameters: npt.NDArray[Any]) -> Outcome | None:
        """Process the next evaluation, and the weights at this evaluation. Return the outcome if the run ends at this
        evaluation, or else None.
        """
        if not isfinite(point.train_loss) or abs(point.train_loss) > self.limit:
            return self.diverged(point.update, "train", point.train_loss, point.batch_loss)
        self._train_loss = point.train_loss
        if self.limit == inf:
            self.limit = self._budget.divergence * max(1.0, abs(point.train_loss))
        budget = self._budget
        error = point.train_error if isnan(point.validation_error) else point.validation_error
        loss = point.train_loss if isnan(point.validation_loss) else point.validation_loss
        if budget.goal is not None and self.steps_to_goal is None and (loss if isnan(error) else error) < budget.goal:
            self.steps_to_goal = point.update
        if loss < self._best_loss:
            self.best, self._best_loss = Best(point, parameters), loss
            self._without_improvement = 0
        else:
            self._without_improvement += 1
        if budget.stop_at is not None and point.train_loss <= budget.stop_at:
            return Outcome(COMPLETED, f"train loss at or below {budget.stop_at:g}")
        if budget.patience is not None and self._without_improvement >= budget.patience:
            return Outcome(COMPLETED, f"no better loss in {budget.patience} evaluations")
        return None

    def diverged(self, update: int, what: str, loss: float, batch_loss: float) -> Outcome:
        """Return the outcome of a run whose loss is not finite or is too large. `what` names the loss. `batch_loss` is the loss
        of the mini-batch before the divergence.
        """
        bad, advice = "not finite", "try a smaller learning rate"
        if isfinite(loss):  # with high momentum near the edge of stability, a loss may grow for a while and then fall again
            bad = f"{loss:.3g}, beyond the limit of {self.limit:.3g} (budget.divergence = {self._budget.divergence:g})"
            advice += ", or raise budget.divergence if the loss may fall again"
        return Outcome(
            DIVERGED,
            f"diverged at update {update}: the {what} loss is {bad}; {advice}",
            diverged_at_update=update,
            last_finite_loss=next((value for value in (loss, batch_loss, self._train_loss) if isfinite(value)), None),
        )
