"""Repeated proposals of adaptive samplers: they are told the known outcome, are not run, and are rebuilt from the record."""

import json
from math import log2

import pytest
from linear_sweep import sweep
from optuna.trial import TrialState

from sweepgd.study.advisor import Advisor
from sweepgd.study.samplers import MOST_REPEATS
from sweepgd.study.search_state import values_of

# 160 points.
LISTS = (
    "space={batch_size=[1,2,5,10],learning_rate=[0.01,0.02,0.05,0.1,0.2],optimizer=['sgd','momentum'],"
    "schedule=['constant','cosine'],warmup=[0,1]}",
    "optimizer={}",
)
# 5 x 11 points.
RANGES = ("space={batch_size={low=2,high=12},learning_rate={low=0.1,high=0.5,step=0.1}}", "optimizer={}")
CONTINUOUS = ("space={batch_size=[1,2,5,10],learning_rate={low=1e-3,high=1.0,log=true}}", "optimizer={}")
FIVE = ("space={batch_size=[1,2,3,4,5],learning_rate=0.1}", "optimizer={}")
SETTINGS = {
    "tpe": (*LISTS, "search={sampler='tpe',trials=32}"),
    "tpe, pruned": (*LISTS, "search={sampler='tpe',trials=32,pruner='median'}"),
    "tpe, two objectives": (*LISTS, "search={sampler='tpe',trials=24,objectives=['train_loss','validation_loss']}"),
    "nsga2": (*LISTS, "search={sampler='nsga2',trials=80,generation=16}"),
    "nsga2, continuous": (*CONTINUOUS, "search={sampler='nsga2',trials=80,generation=16}"),
    "cmaes": (*RANGES, "search={sampler='cmaes',trials=40,generation=4}"),
    "used up": (*FIVE, "search={sampler='tpe',trials=40,generation=3}"),
}


class Search:
    """A simulated search with artificial losses, which starts from the states that an earlier search recorded."""

    def __init__(self, overrides, recorded=None):
        asked = sweep(*overrides)
        self.objectives = len(asked.search.objectives or [None])
        self.pruner = asked.search.pruner
        self.advisor = Advisor(asked, ["a", "b"][: self.objectives])
        self.states = dict(recorded or {})
        self.points = {}
        for generation in self.advisor.generations(self.advisor.total()):
            self.run_generation(generation)

    def run_generation(self, generation):
        advisor = self.advisor
        if self.states.keys() >= set(generation):
            for number in generation:
                advisor.remember(number, self.states[number])
            return
        advisor.begin(generation)
        asked = {number: advisor.ask(number) for number in generation}
        self.points |= asked
        for number, point in asked.items():
            if number in self.states:
                assert number < len(advisor.points) or advisor.agrees(number, self.states[number])
            else:
                self.states[number] = self.run(number, point)
        for number in generation:
            if self.states[number] is not None:
                advisor.tell(number, values_of(self.states[number]), self.states[number])

    def run(self, number, point):
        """Return the state of a trial: every seventh fails, and with a pruner every third is pruned."""
        loss = (log2(point["batch_size"]) - 2.5) ** 2 + abs(log2(point["learning_rate"]) + 3.5)
        pruned = self.pruner != "none" and number % 3 == 1
        if self.pruner != "none":
            self.advisor.should_prune(number, 10, loss + 1)
        values = None if number % 7 == 6 else [loss + pruned] * self.objectives
        return self.advisor.state(number, values, pruned=pruned and values is not None)

    @property
    def told(self):
        """All trials of the Optuna study, in order."""
        return [
            (
                each.number,
                each.state,
                each.values,
                each.params,
                without_pickled_state(each.system_attrs),
                each.intermediate_values,
            )
            for each in self.advisor._study.trials
        ]

    @property
    def distributions(self):
        return [each.distributions for each in self.advisor._study.trials]

    @property
    def repeats(self):
        """The recorded repeats, by the trial after them."""
        return {number: json.loads(state).get("repeats", []) for number, state in self.states.items() if state is not None}


def without_pickled_state(attributes):
    """Return the attributes without the pickled state of CMA-ES, which contains uninitialised memory."""
    return {name: value for name, value in attributes.items() if not name.startswith("cma:optimizer")}


@pytest.fixture(scope="module")
def searches():
    found = {}

    def search(name):
        if name not in found:
            found[name] = Search(SETTINGS[name])
        return found[name]

    return search


@pytest.mark.parametrize("name", SETTINGS)
def test_no_point_is_run_twice(name, searches):
    done = searches(name)
    total = 5 if name == "used up" else sweep(*SETTINGS[name]).search.trials
    assert len(done.states) == len({str(point) for point in done.points.values()}) == total
    assert any(done.repeats.values())
    assert max(map(len, done.repeats.values())) <= MOST_REPEATS


@pytest.mark.parametrize("name", SETTINGS)
def test_a_repeat_is_told_the_outcome_of_its_first_trial(name, searches):
    done = searches(name)
    told = iter(done.told)
    outcomes = {}
    for number in sorted(done.states):
        for repeat in done.repeats[number]:
            _, ending, values, params, _, reports = next(told)
            first, its_reports = outcomes[repeat["of"]]
            assert (ending, values, params) == first
            assert reports == (its_reports if ending == TrialState.PRUNED else {})
        _, ending, values, params, _, reports = next(told)
        outcomes[number] = (ending, values, params), reports
    assert next(told, None) is None
    kinds = {ending for (ending, _, _), _ in outcomes.values()}
    assert kinds >= {TrialState.COMPLETE, TrialState.FAIL} or name == "used up"
    assert (TrialState.PRUNED in kinds) == (name == "tpe, pruned")


@pytest.mark.parametrize("name", SETTINGS)
def test_a_study_rebuilt_from_the_record_is_the_same(name, searches):
    """This holds for whole generations and for an interrupted one."""
    whole = searches(name)
    last = max(whole.states)
    for recorded in (last + 1, last // 2):
        known = {number: whole.states[number] for number in range(recorded)}
        again = Search(SETTINGS[name], known)
        assert again.points == {number: whole.points[number] for number in again.points}
        assert again.told == whole.told
        assert again.distributions == whole.distributions


def test_a_random_point_is_drawn_after_twenty_repeats(searches):
    done = searches("tpe")
    full = [number for number, repeats in done.repeats.items() if len(repeats) == MOST_REPEATS]
    drawn = [trial for trial in done.advisor._study.trials if "fixed_params" in trial.system_attrs]
    assert full
    assert len(drawn) == len(full)
    for number, trial in zip(full, drawn, strict=True):
        assert trial.params.items() <= done.points[number].items()


def test_fixed_points_are_known_if_they_are_in_the_space():
    points = "points=[{batch_size=3},{batch_size=7},{batch_size=3,warmup=1.0},{batch_size=3}]"
    done = Search((*FIVE, points, "search={sampler='tpe',trials=40}"))
    assert done.advisor.total() == 4 + 4
    assert sorted(done.points[number]["batch_size"] for number in range(4, 8)) == [1, 2, 4, 5]
    assert {repeat["of"] for repeats in done.repeats.values() for repeat in repeats} <= {0, *range(4, 8)}
    assert [done.states[number] is None for number in range(4)] == [False, True, True, False]


def test_version_1_runs_known_points_again():
    done = Search((*LISTS, "search={sampler='tpe',trials=64,sampler_version=1}"))
    assert len({str(point) for point in done.points.values()}) < 40
    assert len(done.states) == len(done.told) == 64
    assert not any(done.repeats.values())


def test_a_recorded_trial_replaces_another_proposal_for_its_number(searches):
    """A newer Optuna may draw other points. Here trial 9 has the point of trial 20."""
    whole = searches("tpe")
    known = {number: whole.states[number] for number in range(10)} | {9: whole.states[20]}
    with pytest.raises(AssertionError):
        Search(SETTINGS["tpe"], known)

    class Continued(Search):
        def run_generation(self, generation):
            if generation != range(8, 16):
                return super().run_generation(generation)
            self.advisor.begin(generation)
            for number in generation:
                self.points[number] = self.advisor.ask(number)
            for number in (8, 9):
                if not self.advisor.agrees(number, self.states[number]):
                    self.advisor.forget(number)
            for number in range(10, 16):
                self.states[number] = self.run(number, self.points[number])
            for number in generation:
                self.advisor.tell(number, values_of(self.states[number]), self.states[number])

    done = Continued(SETTINGS["tpe"], known)
    recorded = [str(json.loads(state)["params"]) for state in done.states.values()]
    assert len(recorded) == 32
    assert recorded.count(str(json.loads(whole.states[20])["params"])) <= 2
    assert len(set(recorded)) >= 31
