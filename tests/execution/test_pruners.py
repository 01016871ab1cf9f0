from collections.abc import Iterable

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import TrialState

from sweepgd.core.errors import UsageError
from sweepgd.execution.pruners import RUNGS, make_pruner

optuna.logging.set_verbosity(optuna.logging.WARNING)


def percent_reached(name: str, losses: Iterable[float]) -> list[int]:
    """Return the percent of its budget that each trial of constant loss reaches."""
    study = optuna.create_study(study_name="sweep", pruner=make_pruner(name))
    reached = []
    for loss in losses:
        trial = study.ask({"x": FloatDistribution(0, 1)})
        for percent in RUNGS[name]:
            trial.report(loss, percent)
            if trial.should_prune():
                study.tell(trial, state=TrialState.PRUNED)
                reached.append(percent)
                break
        else:
            study.tell(trial, loss)
            reached.append(100)
    return reached


def test_none_prunes_nothing() -> None:
    assert percent_reached("none", [1.0, 9.0, 5.0]) == [100, 100, 100]


def test_median_begins_after_five_trials() -> None:
    assert percent_reached("median", [1, 2, 3, 4, 5, 9, 2.5]) == [100, 100, 100, 100, 100, 10, 100]


def test_asha_keeps_about_a_third_at_each_rung() -> None:
    assert percent_reached("asha", [5.0, 6.0, 7.0, 8.0, 4.0, 3.0]) == [100, 4, 4, 4, 100, 100]
    assert percent_reached("asha", [1, 5, 5, 1.5, 5, 1.2]) == [100, 4, 4, 4, 4, 12]


def test_asha_prunes_a_report_that_is_no_number() -> None:
    assert percent_reached("asha", [float("nan"), 1.0]) == [4, 100]


def test_hyperband_judges_from_its_first_trial_on_and_repeats_itself() -> None:
    losses = [float(index) for index in range(20)]
    reached = percent_reached("hyperband", losses)
    assert reached == percent_reached("hyperband", losses)
    assert set(reached) == {4, 12, 36, 100}


def test_rungs_are_percents_of_the_budget() -> None:
    for rungs in RUNGS.values():
        assert list(rungs) == sorted(set(rungs))
        assert all(1 <= rung <= 100 for rung in rungs)


@pytest.mark.parametrize(
    ("name", "objectives", "line"),
    [
        ("medain", 1, "unknown pruner 'medain': did you mean 'median'?"),
        ("asha", 2, "the asha pruner supports one objective: set a single objective, or set pruner to 'none'"),
    ],
)
def test_what_cannot_prune_is_refused(name: str, objectives: int, line: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_pruner(name, objectives)
    assert str(caught.value) == line


def test_none_serves_several_objectives() -> None:
    assert isinstance(make_pruner("none", 2), optuna.pruners.NopPruner)
