"""Early stopping of trials: Optuna's pruners, applied at rungs, which are percentages of a trial's budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from sweepgd.core.errors import UsageError, nearest

# Hyperband chooses a trial's bracket by a hash of the study's name. With Optuna's random names, the choice would not be
# reproducible.
STUDY_NAME = "sweepgd"
_FIRST_RUNG = 4
_REDUCTION_FACTOR = 3

# The percentages of the budget at which a trial reports, for each pruner. Successive halving decides at 4 * 3^k percent.
RUNGS: dict[str, tuple[int, ...]] = {
    "none": (),
    "median": (10, 20, 30, 40, 50, 60, 70, 80, 90),
    "asha": (4, 12, 36),
    "hyperband": (4, 12, 36),
}


def make_pruner(name: str, objectives: int = 1) -> BasePruner:
    """Return the pruner called `name`, a key of RUNGS.

    `asha` is asynchronous successive halving (Li et al. 2020), and `hyperband` runs several brackets of successive halving (Li
    et al. 2018). Raises UsageError for an unknown name, and for several objectives, which Optuna's pruners do not support.
    """
    if name not in RUNGS:
        raise UsageError(f"unknown pruner {name!r}: {nearest(name, RUNGS)}")
    if name != "none" and objectives > 1:
        raise UsageError(f"the {name} pruner supports one objective: set a single objective, or set pruner to 'none'")
    match name:
        case "median":
            return MedianPruner(n_startup_trials=5)
        case "asha":
            return SuccessiveHalvingPruner(min_resource=_FIRST_RUNG, reduction_factor=_REDUCTION_FACTOR)
        case "hyperband":
            return HyperbandPruner(min_resource=_FIRST_RUNG, max_resource=100, reduction_factor=_REDUCTION_FACTOR)
    return NopPruner()


# All of a trial that a pruner uses: the state, the value at each rung (a percentage of the budget), system attributes and the
# final value.
TrialReports = tuple[str, Mapping[int, float], Mapping[str, Any], float | None]


def reports_of(trial: FrozenTrial) -> TrialReports:
    """Return the TrialReports of an Optuna trial, which may still be running."""
    value = trial.values[0] if trial.values else None
    return trial.state.name, dict(trial.intermediate_values), dict(trial.system_attrs), value


@dataclass(frozen=True)
class PruningTable:
    """The reports of all trials, for pruning on remote machines."""

    pruner: str
    trials: tuple[TrialReports, ...]
    """The reports of each trial, in the order of Optuna's trial numbers."""
    numbers: Mapping[int, int]
    """Optuna's trial number of each running trial."""


class Judge:
    """A pruner that knows the trials of a table and accepts further reports."""

    def __init__(self, table: PruningTable) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        study = optuna.create_study(study_name=STUDY_NAME, pruner=make_pruner(table.pruner))
        for state, reports, attributes, value in table.trials:
            study.add_trial(
                create_trial(
                    state=TrialState[state], value=value, intermediate_values=dict(reports), system_attrs=dict(attributes)
                )
            )
        ids = [trial._trial_id for trial in study.get_trials(deepcopy=False)]
        self._trials = {number: Trial(study, ids[index]) for number, index in table.numbers.items()}

    def should_prune(self, number: int, percent: int, mean: float) -> bool:
        """Add the report of a running trial, and return True if the pruner ends the trial."""
        trial = self._trials[number]
        trial.report(mean, percent)
        return trial.should_prune()
