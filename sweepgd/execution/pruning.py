"""Pruning away from the driver: a short trial is judged where it runs, by the reports that came with its block."""

from optuna.trial import Trial, TrialState, create_trial

import optuna
from sweepgd.execution.messages import PruningTable
from sweepgd.pruners import STUDY_NAME, make_pruner


class Judge:
    """Optuna's pruner over the trials of a table, and the reports that are added to it."""

    def __init__(self, table: PruningTable) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._study = optuna.create_study(study_name=STUDY_NAME, pruner=make_pruner(table.pruner))
        for state, reports, attributes, value in table.trials:
            self._study.add_trial(
                create_trial(
                    state=TrialState[state],
                    value=value,
                    intermediate_values=dict(reports),
                    system_attrs=dict(attributes),
                )
            )
        ids = [trial._trial_id for trial in self._study.get_trials(deepcopy=False)]
        self._trials = {number: Trial(self._study, ids[index]) for number, index in table.numbers.items()}

    def should_prune(self, number: int, percent: int, mean: float) -> bool:
        """Add a report of a running trial, and return the pruner's decision."""
        trial = self._trials[number]
        trial.report(mean, percent)
        return trial.should_prune()
