"""What a search minimises: each objective's value for a run, and the finite penalty where a run has none."""

from collections.abc import Sequence
from math import isfinite

from sweepgd.data import Data
from sweepgd.outcome import COMPLETED, PRUNED
from sweepgd.problem import UsageProblem
from sweepgd.sweep import Sweep
from sweepgd.training import Point, Training

PENALTY_FACTOR = 10.0


def objectives_of(sweep: Sweep, data: Data) -> tuple[str, ...]:
    """The sweep's objectives; by default validation loss, or train loss without a validation part.

    Raises UsageProblem for an objective that these data do not have.
    """
    search = sweep.search
    chosen = tuple(search.objectives or ([search.objective] if search.objective else []))
    if not chosen:
        return ("train_loss" if data.validation is None else "validation_loss",)
    for name in chosen:
        if "validation" in name and data.validation is None:
            raise UsageProblem(
                f"search.objective = {name!r}, and there is no validation part: give data.validation a share, or use train_loss"
            )
        if name.endswith("error") and data.task != "classification":
            raise UsageProblem(
                f"search.objective = {name!r}, and these data are not for classification: use {name.replace('error', 'loss')}"
            )
        if name == "steps_to_goal" and sweep.budget.goal is None:
            raise UsageProblem("search.objective = 'steps_to_goal' wants budget.goal: give it a goal")
    return chosen


def evaluation(names: Sequence[str], training: Training) -> Point:
    """The evaluation that a run's losses, errors and gap are recorded of: the best one where its objective is a best_… one.

    Any other run is recorded by its last evaluation.
    """
    return training.best.point if are_of_best(names) and training.best is not None else training.points[-1]


def are_of_best(names: Sequence[str]) -> bool:
    """Whether runs are recorded by their best evaluation: the first objective that is a loss or an error is a best_… one."""
    return next((name for name in names if name.endswith(("loss", "error"))), "").startswith("best_")


def value(name: str, training: Training) -> float | None:
    """The objective of a run as it stands, or None where it has none: not evaluated yet, or a goal not reached.

    At a rung a loss or error is what is measured there, and the best loss is the lowest of that and the evaluations before.
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
    """What the sampler is told for a run that diverged or has no value, in the objective's own units.

    Ten times the loss that the run began with (at least 1), an error of 1, ten times the updates or seconds that the whole
    run would have taken: a run that diverged at once is no fast one. It is finite, since Optuna counts NaN as a failure to
    be forgotten, and it depends on the run alone.
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
    """Whether the objective of an ended run may be told: a pruned run's seconds are not those of a whole one."""
    if training.outcome is None or training.outcome.status == COMPLETED:
        return True
    return training.outcome.status == PRUNED and name != "train_seconds"


def told(names: Sequence[str], trainings: Sequence[Training]) -> list[float]:
    """What the sampler is told of a configuration: for each objective the mean over its replicates."""
    means = []
    for name in names:
        values = []
        for training in trainings:
            found = value(name, training) if _has_value(name, training) else None
            values.append(penalty(name, training) if found is None else found)
        means.append(sum(values) / len(values))
    return means
