"""Adaptive samplers: a generation depends on seed, its number and the history alone."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import optuna
import pytest
from optuna.samplers import BaseSampler
from optuna.trial import TrialState, create_trial
from study.samplers.spaces import NUMERIC, SPACE, new_study

from sweepgd.study.samplers import make
from sweepgd.sweep.space import Space, Value


def loss(point: dict[str, Value]) -> float:
    return abs(math.log10(point["learning_rate"]) + 2) + 0.1 * math.log2(point["batch_size"])


def generations(
    name: str, space: Space, sizes: list[int], rebuild: bool, measure: Callable[..., list[float]] | None = None
) -> list[dict[str, Value]]:
    """The points of generations asked whole and then told, the study kept from one to the next or rebuilt for each."""
    objectives = len(measure({"learning_rate": 1.0, "batch_size": 1})) if measure else 1
    study = new_study(make(name, space, 0, objectives), objectives)
    points = []
    for generation, size in enumerate(sizes):
        sampler = make(name, space, 5, objectives, generation)
        if rebuild:
            told = study.trials
            study = new_study(sampler, objectives)
            study.add_trials(
                create_trial(params=t.params, distributions=t.distributions, values=t.values, system_attrs=t.system_attrs)
                for t in told
            )
        study.sampler = sampler
        asked = [(trial, space.ask(trial)) for trial in (study.ask() for _ in range(size))]
        for trial, point in asked:
            study.tell(trial, measure(point) if measure else loss(point))
            points.append(point)
    return points


@pytest.fixture
def optuna_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    optuna.logging.enable_propagation()
    yield caplog
    optuna.logging.disable_propagation()
    optuna.logging.set_verbosity(verbosity)


@pytest.mark.parametrize(
    ("name", "space", "sizes"),
    [("tpe", SPACE, [12, 6, 6]), ("nsga2", SPACE, [50, 10, 10]), ("cmaes", NUMERIC, [8, 8, 8])],
)
def test_a_generation_is_a_function_of_seed_generation_and_history(
    name: str, space: Space, sizes: list[int], optuna_log: pytest.LogCaptureFixture
) -> None:
    points = generations(name, space, sizes, rebuild=False)
    assert generations(name, space, sizes, rebuild=True) == points
    assert not optuna_log.records
    assert len({str(point) for point in points}) > 0.9 * len(points)
    late = points[-sizes[-1] :]
    assert np.mean([loss(point) for point in late]) < np.mean([loss(point) for point in points[: sizes[0]]])


@pytest.mark.parametrize("name", ["tpe", "nsga2"])
def test_several_objectives(name: str, optuna_log: pytest.LogCaptureFixture) -> None:
    sizes = [50, 8, 8] if name == "nsga2" else [12, 6]
    points = generations(name, SPACE, sizes, rebuild=False, measure=lambda p: [loss(p), float(p["batch_size"])])
    again = generations(name, SPACE, sizes, rebuild=True, measure=lambda p: [loss(p), float(p["batch_size"])])
    assert points == again
    assert not optuna_log.records


def test_generations_do_not_repeat_each_other() -> None:
    first, second = (points_asked(make("tpe", SPACE, 0, generation=generation)) for generation in (0, 1))
    assert first[0]["learning_rate"] != second[0]["learning_rate"]


def points_asked(sampler: BaseSampler) -> list[dict[str, Value]]:
    study = new_study(sampler)
    return [SPACE.ask(study.ask()) for _ in range(3)]


def test_pruned_and_failed_trials_do_not_stop_the_adaptive_ones() -> None:
    study = new_study(make("tpe", SPACE, 0))
    for index in range(30):
        study.sampler = make("tpe", SPACE, 0, generation=index)
        trial = study.ask()
        point = SPACE.ask(trial)
        trial.report(loss(point), 10)
        state = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)[index % 3]
        study.tell(trial, loss(point) if state is TrialState.COMPLETE else None, state=state)
    assert len(study.trials) == 30
