"""Propose a point for each trial number, and pass the results to the sampler, with Optuna's ask and tell."""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from math import ceil, inf

import optuna
from optuna.trial import TrialState

from sweepgd.execution.pruners import RUNGS, STUDY_NAME, PruningTable, make_pruner, reports_of
from sweepgd.study.repeated_proposals import Repeats
from sweepgd.study.samplers import ADAPTIVE, GridPoints, Points, make
from sweepgd.study.search_state import dump, reports, trial_of
from sweepgd.sweep import Sweep, configuration_of, point_of, points_of, space_of
from sweepgd.sweep.space import Space, Value

DEFAULT_TRIALS = 20


class Advisor:
    """Propose points by trial number, and pass the results to the sampler.

    The fixed points of the sweep have the first numbers. A random, grid or quasi-random point depends only on its number. An
    adaptive sampler proposes a whole generation of points with random numbers of its own, and then learns all results of this
    generation at once. No point is proposed twice, except with version 1 of the samplers.
    """

    def __init__(self, sweep: Sweep, objectives: Sequence[str]) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._search = sweep.search
        self._objectives = len(objectives)
        self.space: Space = space_of(sweep)
        self.points = points_of(sweep, self.space)
        self._repeating = sweep.search.sampler_version == 1
        self._known_points = {} if self._repeating else self._points_in_space()
        indices = map(self.space.index_of, self._known_points.values())
        self._known_indices = {index for index in indices if index is not None}
        self.adaptive = sweep.search.sampler in ADAPTIVE
        self.rungs = RUNGS.get(sweep.search.pruner, ())
        self._study = optuna.create_study(
            study_name=STUDY_NAME,
            directions=["minimize"] * self._objectives,
            sampler=self._sampler(0),
            pruner=make_pruner(sweep.search.pruner, self._objectives),
        )
        self._total = self._scaled(int(min(self._requested, self._available)))
        self._proposed: dict[int, optuna.Trial] = {}
        self._repeats = Repeats(self._study, self.space, sweep.search.seed) if self.adaptive and not self._repeating else None
        if self._repeats is not None:
            for number, point in self._known_points.items():
                self._repeats.know(point, number)

    def _sampler(self, generation: int) -> optuna.samplers.BaseSampler:
        """Return the sampler for a generation of trials (see `sweepgd.study.samplers.make`)."""
        search = self._search
        return make(
            search.sampler,
            self.space,
            search.seed,
            self._objectives,
            generation,
            repeats=self._repeating,
            without=self._known_indices,
        )

    def _in_space(self, point: Mapping[str, Value]) -> Mapping[str, Value] | None:
        """Return the point of the space that gives the same configuration as a fixed point, or None if the space has no such
        point.
        """
        return point if self._repeating else point_of(configuration_of(point), self.space)

    def _points_in_space(self) -> dict[int, Mapping[str, Value]]:
        """Return the fixed points that lie in the space, by number."""
        inside = ((number, self._in_space(point)) for number, point in enumerate(self.points))
        return {number: point for number, point in inside if point is not None}

    @property
    def remembers(self) -> bool:
        """True if later proposals or prunings depend on earlier results."""
        return self.adaptive or bool(self.rungs)

    def total(self) -> int:
        """Return the number of trials of the sweep. This is `search.scale` times the smaller of two numbers: the requested
        trials and the available points.
        """
        return self._total

    def _scaled(self, trials: int) -> int:
        """Return `search.scale` times `trials`, rounded up. A grid sampler is also told to propose only that many points,
        spread over the whole grid.
        """
        scale, sampler = self._search.scale, self._study.sampler
        if scale == 1.0:
            return trials
        total = max(1, ceil(round(scale * trials, 9)))  # 0.07 * 100 is 7.000000000000001
        if isinstance(sampler, GridPoints):
            points = min(len(self.points), total)
            sampler.spread(max(0, trials - len(self.points)), total - points, self._search.seed)
        return total

    @property
    def used_up(self) -> str:
        """A message if more trials are requested than the space has configurations, or else ""."""
        if self._repeating or self._search.scale < 1.0 or self._requested <= self._available:
            return ""
        requested = "" if self._search.trials is None else f" ({self._search.trials} trials were requested)"
        size = self.space.countable
        count = "1 configuration" if size == 1 else f"{size:,} configurations"
        return f"the search ends after {self.total()} trials, because its space has {count} and each is run once{requested}"

    @property
    def _requested(self) -> int:
        """The requested number of trials. The default is the whole grid, or DEFAULT_TRIALS besides the fixed points."""
        searched = any(not axis.fixed for axis in self.space.axes)
        if isinstance(self._study.sampler, GridPoints):
            default = int(self._available)
        else:
            default = len(self.points) + DEFAULT_TRIALS if searched else max(1, len(self.points))
        return self._search.trials or default

    @property
    def _available(self) -> float:
        """The largest number of trials that the space and the fixed points allow."""
        sampler = self._study.sampler
        if isinstance(sampler, GridPoints):
            return len(self.points) + sampler.size
        if self._repeating or not self.space.finite:
            return inf
        return len(self.points) + self.space.countable - len(self._known_indices)

    def generations(self, total: int) -> Iterator[range]:
        """Yield the trial numbers in groups whose points are proposed together. Samplers that do not adapt have one group."""
        start = len(self.points)
        if not self.adaptive:
            yield range(total)
            return
        yield range(min(start, total))
        size = self._search.generation
        for first in range(start, total, size):
            yield range(first, min(first + size, total))

    def begin(self, generation: range) -> None:
        """Create the sampler for a generation of an adaptive search, seeded by the number of the generation."""
        if self.adaptive and generation.start >= len(self.points):
            self._study.sampler = self._sampler((generation.start - len(self.points)) // self._search.generation)

    def ask(self, number: int) -> dict[str, Value]:
        """Return the point of a trial."""
        if number < len(self.points):
            return self.points[number]
        sampler = self._study.sampler
        if isinstance(sampler, Points):
            sampler.number = number - len(self.points)
            if not self.rungs:
                return self.space.ask(sampler)
        trial = self._study.ask() if self._repeats is None else self._repeats.ask(number)
        self._proposed[number] = trial
        return self.space.ask(trial)

    def should_prune(self, number: int, percent: int, mean: float) -> bool:
        """Give the pruner the mean of a trial at a rung, and return True if the trial is to be pruned. Fixed points are never
        pruned.
        """
        trial = self._proposed.get(number)
        if trial is None:
            return False
        trial.report(mean, percent)
        return trial.should_prune()

    def table(self) -> PruningTable:
        """Return all reports so far, from which workers on remote machines decide about pruning."""
        trials = tuple(map(reports_of, self._study.get_trials(deepcopy=False)))
        return PruningTable(self._search.pruner, trials, {number: trial.number for number, trial in self._proposed.items()})

    def state(self, number: int, values: Sequence[float] | None, *, pruned: bool = False) -> str | None:
        """Return the JSON from which a restart restores this trial, or None if a restart does not need the trial."""
        if not self.remembers:
            return None
        trial = self._proposed.get(number)
        if trial is None:
            return self.state_of_point(self.points[number], values)
        repeats = [] if self._repeats is None else self._repeats.record(number)
        frozen = self._study.get_trials(deepcopy=False)[trial.number]
        attributes = frozen.params, frozen.distributions, frozen.system_attrs, frozen.intermediate_values
        return dump(values, pruned, *attributes, repeats)

    def state_of_point(self, point: Mapping[str, Value], values: Sequence[float] | None) -> str | None:
        """Return the state that a fixed point would have if the sampler had proposed it, or None if the point is outside the
        space.
        """
        inside = self._in_space(point)
        if inside is None:
            return None
        fixed = optuna.trial.FixedTrial(dict(inside))
        try:
            if any(inside.get(axis.name) not in axis.values for axis in self.space.axes if axis.fixed and axis.exists(inside)):
                return None
            with warnings.catch_warnings(action="error"):  # Optuna would only warn about a value out of range
                self.space.ask(fixed)
        except (ValueError, UserWarning):
            return None
        return dump(values, False, fixed.params, fixed.distributions, {}, {})

    def tell(self, number: int, values: Sequence[float] | None, state: str | None) -> None:
        """Tell the sampler the values of a trial. The sampler minimises these values. None stands for a failed trial."""
        trial = self._proposed.pop(number, None)
        if trial is None:
            if state is not None:
                self.remember(number, state)
            return
        if self._repeats is not None and state is not None:
            self._repeats.tell(number)
            _report_missing(trial, state)
        if values is None:
            self._study.tell(trial, state=TrialState.FAIL)
        elif state is not None and json.loads(state)["pruned"]:
            self._study.tell(trial, state=TrialState.PRUNED)  # a pruned trial counts with the value at its last rung
        else:
            self._study.tell(trial, list(values))
        if self._repeats is not None and state is not None:
            self._repeats.learn(number, state)

    def agrees(self, number: int, state: str) -> bool:
        """Return True if the recorded state of a trial has the point that was proposed for this trial."""
        trial = self._proposed.get(number)
        return trial is not None and trial.params == json.loads(state)["params"]

    def forget(self, number: int) -> None:
        """Discard a proposed trial."""
        trial = self._proposed.pop(number)
        if self._repeats is not None:
            self._repeats.forget(number, trial.params)
        self._study.tell(trial, state=TrialState.FAIL)

    def remember(self, number: int, state: str) -> None:
        """Add a recorded trial to the sampler's study."""
        if self._repeats is not None:
            self._repeats.remember(json.loads(state).get("repeats", ()))
            self._repeats.learn(number, state)
        self._study.add_trial(trial_of(state))


def _report_missing(trial: optuna.Trial, state: str) -> None:
    """Report to Optuna the values that a trial reported in an earlier process."""
    there = trial.storage.get_trial(trial._trial_id).intermediate_values
    for step, value in reports(json.loads(state)).items():
        if step not in there:
            trial.report(value, step)
