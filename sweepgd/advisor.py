"""What to try next: Optuna's ask and tell over our space, with a memory that can be rebuilt from the record."""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import distribution_to_json, json_to_distribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from sweepgd.pruners import RUNGS, make_pruner
from sweepgd.samplers import ADAPTIVE, GridPoints, Points, make
from sweepgd.space import Space, Value
from sweepgd.sweep import Sweep, points_of, space_of

# Hyperband puts a trial in the bracket of a hash of the study's name: a random name would make it irreproducible.
STUDY_NAME = "sweepgd"


class Advisor:
    """Proposes points by trial number, and learns from results.

    The fixed points of the sweep have the first numbers. A random, grid or quasi-random point depends on its number alone;
    adaptive samplers ask for whole generations, each with random numbers of its own, and are told a generation at once.
    """

    def __init__(self, sweep: Sweep, objectives: Sequence[str]) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._search = sweep.search
        self._objectives = len(objectives)
        self.space: Space = space_of(sweep)
        self.points = points_of(sweep, self.space)
        self.adaptive = sweep.search.sampler in ADAPTIVE
        self.rungs = RUNGS.get(sweep.search.pruner, ())
        self._study = optuna.create_study(
            study_name=STUDY_NAME,
            directions=["minimize"] * self._objectives,
            sampler=self._sampler(0),
            pruner=make_pruner(sweep.search.pruner, self._objectives),
        )
        self._asked: dict[int, optuna.Trial] = {}

    def _sampler(self, generation: int) -> optuna.samplers.BaseSampler:
        search = self._search
        return make(search.sampler, self.space, search.seed, self._objectives, generation)

    @property
    def remembers(self) -> bool:
        """Whether later proposals or prunings depend on earlier results."""
        return self.adaptive or bool(self.rungs)

    def total(self) -> int:
        """How many trials the sweep has in all: as it says, and at most what there is to try."""
        searched = any(not axis.fixed for axis in self.space.axes)
        sampler = self._study.sampler
        if isinstance(sampler, GridPoints):
            most = len(self.points) + sampler.size
            return min(self._search.trials or most, most)
        default = len(self.points) + 20 if searched else max(1, len(self.points))
        return self._search.trials or default

    def generations(self, total: int) -> Iterator[range]:
        """The trial numbers in the groups that are asked for together: one group where no result matters."""
        start = len(self.points)
        if not self.adaptive:
            yield range(total)
            return
        yield range(min(start, total))
        size = self._search.generation
        for first in range(start, total, size):
            yield range(first, min(first + size, total))

    def begin(self, generation: range) -> None:
        """Makes the sampler of an adaptive generation, seeded by its own number."""
        if self.adaptive and generation.start >= len(self.points):
            self._study.sampler = self._sampler((generation.start - len(self.points)) // self._search.generation)

    def ask(self, number: int) -> dict[str, Value]:
        """The point of a trial."""
        if number < len(self.points):
            return self.points[number]
        sampler = self._study.sampler
        if isinstance(sampler, Points):
            sampler.number = number - len(self.points)
            if not self.rungs:
                return self.space.ask(sampler)
        trial = self._study.ask()
        point = self.space.ask(trial)
        self._asked[number] = trial
        return point

    def should_prune(self, number: int, percent: int, mean: float) -> bool:
        """Takes a report at a rung. The fixed points are never pruned: they were asked for by name."""
        trial = self._asked.get(number)
        if trial is None:
            return False
        trial.report(mean, percent)
        return trial.should_prune()

    def state(self, number: int, values: Sequence[float] | None, *, pruned: bool = False) -> str | None:
        """What must be recorded for this trial to be remembered after a restart, as JSON; None where nothing must."""
        if not self.remembers:
            return None
        trial = self._asked.get(number)
        if trial is None:
            return self.state_of_point(self.points[number], values)
        frozen = self._study.get_trials(deepcopy=False)[trial.number]
        return dump(values, pruned, frozen.params, frozen.distributions, frozen.system_attrs, frozen.intermediate_values)

    def state_of_point(self, point: Mapping[str, Value], values: Sequence[float] | None) -> str | None:
        """A point as a trial that the sampler could have asked for, or None where it lies outside of the space."""
        fixed = optuna.trial.FixedTrial(dict(point))
        try:
            if any(point.get(axis.name) not in axis.values for axis in self.space.axes if axis.fixed and axis.exists(point)):
                return None
            with warnings.catch_warnings(action="error"):  # Optuna only warns of a number out of its range
                self.space.ask(fixed)
        except (ValueError, UserWarning):
            return None
        return dump(values, False, fixed.params, fixed.distributions, {}, {})

    def tell(self, number: int, values: Sequence[float] | None, state: str | None) -> None:
        """Tells the sampler a result: what it minimises, or None for a trial that failed."""
        trial = self._asked.pop(number, None)
        if trial is None:
            if state is not None:
                self.remember(state)
        elif values is None:
            self._study.tell(trial, state=TrialState.FAIL)
        elif state is not None and json.loads(state)["pruned"]:
            self._study.tell(trial, state=TrialState.PRUNED)  # at the value of its last rung
        else:
            self._study.tell(trial, list(values))

    def agrees(self, number: int, state: str) -> bool:
        """Whether a recorded trial is the one that was asked for under its number."""
        trial = self._asked.get(number)
        return trial is not None and trial.params == json.loads(state)["params"]

    def forget(self, number: int) -> None:
        """Gives up a trial that was asked for."""
        self._study.tell(self._asked.pop(number), state=TrialState.FAIL)

    def remember(self, state: str) -> None:
        """Adds a recorded trial to the sampler's memory."""
        self._study.add_trial(trial_of(state))


def trial_of(state: str, **user_attrs: Any) -> FrozenTrial:
    """A recorded trial as Optuna's."""
    saved = json.loads(state)
    return create_trial(
        state=_ending(saved),
        values=saved["values"],
        params=saved["params"],
        distributions={name: json_to_distribution(text) for name, text in saved["distributions"].items()},
        user_attrs=user_attrs,
        system_attrs=saved["system_attrs"],
        intermediate_values={int(step): value for step, value in saved["intermediate_values"].items()},
    )


def _ending(saved: Mapping[str, Any]) -> TrialState:
    if saved["values"] is None:
        return TrialState.FAIL
    return TrialState.PRUNED if saved["pruned"] else TrialState.COMPLETE


def values_of(state: str) -> list[float] | None:
    """The values in a recorded state: what the sampler was told, None for a trial that failed."""
    return json.loads(state)["values"]


def dump(
    values: Sequence[float] | None,
    pruned: bool,
    params: Mapping[str, Any],
    distributions: Mapping[str, optuna.distributions.BaseDistribution],
    system_attrs: Mapping[str, Any],
    intermediate_values: Mapping[int, float],
) -> str:
    """What is recorded of a trial, to be remembered: JSON that `trial_of` reads."""
    return json.dumps(
        {
            "values": None if values is None else list(values),
            "pruned": pruned,
            "params": dict(params),
            "distributions": {name: distribution_to_json(distribution) for name, distribution in distributions.items()},
            "system_attrs": dict(system_attrs),
            "intermediate_values": dict(intermediate_values),
        }
    )
