"""Known points that an adaptive sampler asks for again: it is told what became of them, and they are not run again."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import optuna
from optuna.trial import FixedTrial, TrialState, create_trial

from sweepgd.advisor.states import ending, reports
from sweepgd.samplers import MOST_REPEATS, Drawn, draw_at_random, seed_of
from sweepgd.space import Space, Value


class Outcome(NamedTuple):
    """The outcome of a trial: its state, its values, and if it was pruned its last report, by step."""

    state: TrialState
    values: list[float] | None
    reports: dict[int, float]


# The outcome of a trial that a stopped search did not finish.
UNKNOWN = Outcome(TrialState.FAIL, None, {})


class Repeat(NamedTuple):
    """A trial of Optuna's whose point is that of the trial numbered `of`."""

    of: int
    trial: optuna.Trial


class Repeats:
    """A study that is asked for new points only, and told again the outcome of each known point that it repeats.

    The outcome is that of the first trial with the point: its values (penalties included), its last report if it was pruned, or
    its failure. Repeats are told right before the trial that they were asked before, and are recorded in its state; the
    outcome is not recorded again.
    """

    def __init__(self, study: optuna.Study, space: Space, seed: int) -> None:
        self._study, self._space, self._seed = study, space, seed
        self._drawn = Drawn(space)
        self._asked: dict[int, list[Repeat]] = {}
        self._outcomes: dict[int, Outcome] = {}

    def know(self, point: Mapping[str, Value], number: int) -> None:
        """Note the point of a trial that was not asked for here."""
        self._drawn.add(point, number)

    def ask(self, number: int) -> optuna.Trial:
        """Return a trial at a new point: one of the sampler's or, after MOST_REPEATS repeats in a row, a random one."""
        repeats = self._asked[number] = []
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
        """Return the record of the repeats that were asked for before a trial."""
        kept = self._study.get_trials(deepcopy=False)
        found = ((of, kept[trial.number]) for of, trial in self._asked.get(number, ()))
        return [{"of": of, "params": each.params, "system_attrs": each.system_attrs} for of, each in found]

    def tell(self, number: int) -> None:
        """Tell the study the outcomes of the repeats that were asked for before a trial."""
        for of, trial in self._asked.pop(number, ()):
            outcome = self._outcomes.get(of, UNKNOWN)
            for step, value in outcome.reports.items():
                trial.report(value, step)
            if outcome.state == TrialState.COMPLETE:
                self._study.tell(trial, outcome.values)
            else:
                self._study.tell(trial, state=outcome.state)  # pruned at the value of its last report

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
        """Note the point and the outcome of a trial from its state."""
        saved = json.loads(state)
        self.know(self._space.ask(FixedTrial(saved["params"])), number)
        ended, reported = ending(saved), reports(saved)
        last = sorted(reported)[-1:] if ended == TrialState.PRUNED else []
        self._outcomes[number] = Outcome(ended, saved["values"], {step: reported[step] for step in last})

    def forget(self, number: int, params: Mapping[str, Any]) -> None:
        """Give up the point that a trial was asked for, and the repeats before it."""
        self._drawn.remove(self._space.ask(FixedTrial(dict(params))), number)
        for _, trial in self._asked.pop(number, ()):
            self._study.tell(trial, state=TrialState.FAIL)
