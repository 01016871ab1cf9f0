"""Known points that an adaptive sampler proposes again. No new trial is run for such a point. Instead, the sampler gets the
recorded result.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import optuna
from optuna.trial import FixedTrial, TrialState, create_trial

from sweepgd.study.samplers import MOST_REPEATS, Drawn, draw_at_random, seed_of
from sweepgd.study.search_state import ending, reports
from sweepgd.sweep.space import Space, Value


class RecordedOutcome(NamedTuple):
    """The state and the values of a trial. A pruned trial also has its last report, by step."""

    state: TrialState
    values: list[float] | None
    reports: dict[int, float]


# The result of a trial that had not finished when its search was stopped.
UNKNOWN = RecordedOutcome(TrialState.FAIL, None, {})


class Repeat(NamedTuple):
    """An Optuna trial with the same point as trial number `of`."""

    of: int
    trial: optuna.Trial


class Repeats:
    """An Optuna study that returns only new points.

    If the sampler proposes a known point, the sampler gets the recorded result of the first trial with that point. The result
    is the values (with penalties), the last report of a pruned trial, or the failure. The study learns the results of repeats
    just before the result of the next new trial. The state of this new trial also stores the repeats, without their results.
    """

    def __init__(self, study: optuna.Study, space: Space, seed: int) -> None:
        self._study, self._space, self._seed = study, space, seed
        self._drawn = Drawn(space)
        self._repeats: dict[int, list[Repeat]] = {}
        self._outcomes: dict[int, RecordedOutcome] = {}

    def know(self, point: Mapping[str, Value], number: int) -> None:
        """Add the point of a trial that the study did not propose."""
        self._drawn.add(point, number)

    def ask(self, number: int) -> optuna.Trial:
        """Return a trial at a new point from the sampler. After MOST_REPEATS repeats in a row, the point is random."""
        repeats = self._repeats[number] = []
        while len(repeats) < MOST_REPEATS:
            trial = self._study.ask()
            point = self._space.ask(trial)
            if self._drawn.add(point, number):
                return trial
            repeats.append(Repeat(self._drawn.trial(point), trial))
        point = draw_at_random(self._space, seed_of(self._seed, number), self._drawn, number)
        searched = {axis.name for axis in self._space.axes if not axis.fixed}
        self._study.enqueue_trial({name: value for name, value in point.items() if name in searched})
        trial = self._study.ask()
        self._space.ask(trial)
        return trial

    def record(self, number: int) -> list[dict[str, Any]]:
        """Return the repeats that were proposed before a trial, in the form that `remember` reads."""
        frozen = self._study.get_trials(deepcopy=False)
        repeats = ((of, frozen[trial.number]) for of, trial in self._repeats.get(number, ()))
        return [{"of": of, "params": trial.params, "system_attrs": trial.system_attrs} for of, trial in repeats]

    def tell(self, number: int) -> None:
        """Tell the study the results of the repeats that were proposed before a trial."""
        for of, trial in self._repeats.pop(number, ()):
            outcome = self._outcomes.get(of, UNKNOWN)
            for step, value in outcome.reports.items():
                trial.report(value, step)
            if outcome.state == TrialState.COMPLETE:
                self._study.tell(trial, outcome.values)
            else:
                self._study.tell(trial, state=outcome.state)  # a pruned trial has the value of its last report

    def remember(self, repeats: Sequence[Mapping[str, Any]]) -> None:
        """Add recorded repeats to the study."""
        for repeat in repeats:
            outcome = self._outcomes.get(repeat["of"], UNKNOWN)
            fixed = FixedTrial(repeat["params"])
            self._space.ask(fixed)
            trial = create_trial(
                state=outcome.state,
                values=outcome.values,
                params=fixed.params,
                distributions=fixed.distributions,
                system_attrs=repeat["system_attrs"],
                intermediate_values=outcome.reports,
            )
            self._study.add_trial(trial)

    def learn(self, number: int, state: str) -> None:
        """Add the point and the result of a trial. Both are read from the trial's state."""
        saved = json.loads(state)
        self.know(self._space.ask(FixedTrial(saved["params"])), number)
        ended, reported = ending(saved), reports(saved)
        last = sorted(reported)[-1:] if ended == TrialState.PRUNED else []
        self._outcomes[number] = RecordedOutcome(ended, saved["values"], {step: reported[step] for step in last})

    def forget(self, number: int, params: Mapping[str, Any]) -> None:
        """Discard the point that was proposed for a trial, and the repeats before it."""
        self._drawn.remove(self._space.ask(FixedTrial(dict(params))), number)
        for _, trial in self._repeats.pop(number, ()):
            self._study.tell(trial, state=TrialState.FAIL)
