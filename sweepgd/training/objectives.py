"""The values of a search's objectives for a run, and finite penalties for a run without a value."""

from collections.abc import Sequence
from math import isfinite

from sweepgd.core.errors import UsageError
from sweepgd.core.outcome import COMPLETED, PRUNED
from sweepgd.data import Data
from sweepgd.sweep import Sweep
from sweepgd.training import Evaluation, Training

PENALTY_FACTOR = 10.0


def objectives_of(sweep: Sweep, data: Data) -> tuple[str, ...]:
    """Return the sweep's objectives. The default is the validation loss, or the train loss if the data have no validation rows.

    Raises UsageError for an objective that the data do not allow.
    """
    search = sweep.search
    chosen = tuple(search.objectives or ([search.objective] if search.objective else []))
    if not chosen:
        return ("train_loss" if data.validation is None else "validation_loss",)
    for name in chosen:
        if "validation" in name and data.validation is None:
            raise UsageError(
                f"search.objective = {name!r}, but there are no validation rows: set data.validation to a share, or use "
                "train_loss"
            )
        if name.endswith("error") and data.task != "classification":
            raise UsageError(
                f"search.objective = {name!r}, but these data are not for classification: use {name.replace('error', 'loss')}"
            )
        if name == "steps_to_goal" and sweep.budget.goal is None:
            raise UsageError("search.objective = 'steps_to_goal' needs a goal: set budget.goal")
    return chosen


def evaluation(names: Sequence[str], training: Training) -> Evaluation:
    """Return the evaluation whose losses, errors and gap are recorded for a run.

    If the objective's name begins with best_, the best evaluation is recorded. Otherwise the last evaluation is recorded.
    """
    return training.best.point if are_of_best(names) and training.best is not None else training.points[-1]


def are_of_best(names: Sequence[str]) -> bool:
    """Return True if the first loss or error among the objectives has a name that begins with best_."""
    return next((name for name in names if name.endswith(("loss", "error"))), "").startswith("best_")


def value(name: str, training: Training) -> float | None:
    """Return the present value of an objective for a run. Return None before the first evaluation, or before the run reaches
    the goal. At a rung, losses and errors come from the evaluation at the rung, and the best loss includes this evaluation.
    """
    if not training.points:
        return None
    if name == "train_seconds":
        return training.seconds
    if name == "steps_to_goal":
        return None if training.steps_to_goal is None else float(training.steps_to_goal)
    if name == "best_validation_loss":
        losses = [training.latest.validation_loss, *([training.best.point.validation_loss] if training.best else [])]
        return min(filter(isfinite, losses), default=None)
    found = getattr(training.latest, name)
    return found if isfinite(found) else None


def penalty(name: str, training: Training) -> float:
    """Return the value that the sampler gets for a run that diverged or has no value, in the objective's units.

    The penalty for a loss is ten times the initial loss, but at least 1. The penalty for an error is 1. For updates and
    seconds, the penalty is ten times the value of the whole planned run, so that a run that diverges early does not look fast.
    The penalty depends only on the run. It is finite, because Optuna ignores trials with NaN.
    """
    if name.endswith("error"):
        return 1.0
    if name == "steps_to_goal":
        return PENALTY_FACTOR * training.planned_updates
    if name == "train_seconds":
        planned = training.seconds / max(1, training.updates) * training.planned_updates
        return PENALTY_FACTOR * (training.budget.seconds or planned)
    initial = abs(training.points[0].train_loss) if training.points else 1.0
    return PENALTY_FACTOR * (max(1.0, initial) if isfinite(initial) else 1.0)


def _has_value(name: str, training: Training) -> bool:
    """Return True if an objective of a run can be used. The seconds of a pruned run cannot be used, because the run is not
    complete.
    """
    if training.outcome is None or training.outcome.status == COMPLETED:
        return True
    return training.outcome.status == PRUNED and name != "train_seconds"


def objective_values(names: Sequence[str], trainings: Sequence[Training]) -> list[float]:
    """Return the mean of each objective over the replicates of a configuration. The sampler gets these means."""
    means = []
    for name in names:
        values = []
        for training in trainings:
            found = value(name, training) if _has_value(name, training) else None
            values.append(penalty(name, training) if found is None else found)
        means.append(sum(values) / len(values))
    return means
