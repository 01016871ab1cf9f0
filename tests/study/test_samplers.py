import math
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import optuna
import platformdirs
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.trial import TrialState, create_trial
from scipy.stats import qmc

from sweepgd.core import disk_cache
from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.study import samplers
from sweepgd.study.samplers import GridPoints, Points, make
from sweepgd.study.samplers.stateless import QuasiRandomPoints, RandomPoints, sobol, value_at
from sweepgd.sweep.space import Axis, Space, Value

optuna.logging.set_verbosity(optuna.logging.WARNING)

SPACE = Space(
    (
        Axis("data", values=("digits",)),
        Axis("optimizer", values=("sgd", "adam")),
        Axis("learning_rate", low=1e-4, high=1.0, log=True),
        Axis("batch_size", low=1, high=1024, log=True, integer=True),
        Axis("adam.beta1", low=0.5, high=0.99, when=("optimizer", ("adam",))),
        Axis("warmup", low=0, high=30, step=10, integer=True),
        Axis("dropout", low=0.1, high=0.5, step=0.2),
    )
)
NUMERIC = Space(tuple(axis for axis in SPACE.axes if axis.name in ("data", "learning_rate", "batch_size", "dropout")))
LISTS = Space(
    (
        Axis("schedule", values=("constant", "step")),
        Axis("step.after", values=(1, 2, 3), when=("schedule", ("step",))),
        Axis("share", low=0.1, high=0.3, step=0.1),
    )
)


def new_study(sampler: BaseSampler, objectives: int = 1) -> optuna.Study:
    return optuna.create_study(study_name="sweep", sampler=sampler, directions=["minimize"] * objectives)


def points_of(sampler: Points, space: Space, numbers: list[int]) -> dict[int, dict[str, Value]]:
    study = new_study(sampler)
    points = {}
    for number in numbers:
        sampler.number = number
        points[number] = space.ask(study.ask())
    return points


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


POINT_SAMPLERS: list[tuple[Callable[[], Points], Space]] = [
    (lambda: RandomPoints(3), SPACE),
    (lambda: QuasiRandomPoints(SPACE, 3), SPACE),
    (lambda: GridPoints(LISTS), LISTS),
]


@pytest.fixture
def optuna_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    optuna.logging.enable_propagation()
    yield caplog
    optuna.logging.disable_propagation()


@pytest.mark.parametrize(("fresh", "space"), POINT_SAMPLERS)
def test_a_space_asks_the_sampler_itself_for_the_point_that_a_study_gives(fresh: Callable[[], Points], space: Space) -> None:
    sampler = fresh()
    for number, point in points_of(fresh(), space, list(range(12))).items():
        sampler.number = number
        assert space.ask(sampler) == point


@pytest.mark.parametrize(("fresh", "space"), POINT_SAMPLERS)
def test_a_point_depends_on_seed_and_number_alone(fresh: Callable[[], Points], space: Space) -> None:
    in_order = points_of(fresh(), space, list(range(12)))
    assert points_of(fresh(), space, [7, 2, 11, 0, 7]) == {number: in_order[number] for number in (7, 2, 11, 0)}

    sampler = fresh()
    study = new_study(sampler)
    for _ in range(3):
        study.add_trial(create_trial(value=1.0))
    sampler.number = 5
    assert space.ask(study.ask()) == in_order[5]


@pytest.mark.parametrize("name", ["random", "quasi_random"])
def test_points_lie_in_their_ranges_and_fill_them(name: str) -> None:
    points = points_of(make(name, SPACE, 0), SPACE, list(range(512)))
    rates = np.log10([point["learning_rate"] for point in points.values()])
    assert -4 <= rates.min() < -3.95
    assert -0.05 < rates.max() <= 0
    assert rates.mean() == pytest.approx(-2, abs=0.1)
    assert Counter(point["optimizer"] for point in points.values())["adam"] == pytest.approx(256, abs=35)
    assert {point["warmup"] for point in points.values()} == {0, 10, 20, 30}
    assert sorted({point["dropout"] for point in points.values()}) == pytest.approx([0.1, 0.3, 0.5], rel=1e-12)
    assert {type(point["batch_size"]) for point in points.values()} == {int}
    assert all(1 <= point["batch_size"] <= 1024 for point in points.values())
    assert all(("adam.beta1" in point) == (point["optimizer"] == "adam") for point in points.values())


def test_random_points_differ_by_seed_and_by_axis() -> None:
    space = Space((Axis("a", low=0, high=1), Axis("b", low=0, high=1)))
    first, second = (
        np.array([list(point.values()) for point in points_of(RandomPoints(seed), space, list(range(1000))).values()])
        for seed in (0, 1)
    )
    columns = np.column_stack([first, second])
    assert np.abs(np.corrcoef(columns.T) - np.eye(4)).max() < 0.1
    assert columns.mean(axis=0) == pytest.approx([0.5] * 4, abs=0.04)
    assert columns.var(axis=0) == pytest.approx([1 / 12] * 4, abs=0.01)


def test_random_points_are_the_same_on_every_machine() -> None:
    point = points_of(RandomPoints(0), Space((Axis("x", low=0, high=1),)), [0, 1])
    assert [point[0]["x"], point[1]["x"]] == [0.026828851984958768, 0.6991012773760964]


def test_an_axis_keeps_its_random_value_whichever_others_exist() -> None:
    alone = Space(tuple(axis for axis in SPACE.axes if axis.name == "learning_rate"))
    wide = points_of(RandomPoints(3), SPACE, list(range(5)))
    narrow = points_of(RandomPoints(3), alone, list(range(5)))
    assert all(narrow[number]["learning_rate"] == wide[number]["learning_rate"] for number in range(5))


def test_quasi_random_points_are_scipys_sobol_sequence() -> None:
    space = Space(
        (
            Axis("fixed", values=(1,)),
            Axis("a", low=2.0, high=4.0),
            Axis("b", low=1e-3, high=10.0, log=True),
            Axis("c", values=("x", "y", "z")),
        )
    )
    points = points_of(QuasiRandomPoints(space, 7), space, list(range(200)))
    sequence = qmc.Sobol(3, scramble=True, rng=7).random_base2(8)[:200]
    assert [point["a"] for point in points.values()] == pytest.approx(2 + 2 * sequence[:, 0], rel=1e-14)
    assert [point["b"] for point in points.values()] == pytest.approx(10 ** (4 * sequence[:, 1] - 3), rel=1e-12)
    assert [point["c"] for point in points.values()] == ["xyz"[int(3 * u)] for u in sequence[:, 2]]


@pytest.mark.parametrize("cache", ["empty", "of another version", "none"])
def test_sobol_points_are_the_same_from_the_cache(cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / "cache")
    if cache == "none":
        (tmp_path / "cache").write_text("a file")
    if cache == "of another version":
        with monkeypatch.context() as other:
            other.setattr(disk_cache, "versions", lambda *names: dict.fromkeys(names, "0"))
            other.setattr(qmc.Sobol, "random_base2", lambda self, m: np.zeros((2**m, 5)))
            assert not sobol(5, 6, 2**32 - 1).any()
    expected = qmc.Sobol(5, scramble=True, rng=2**32 - 1).random_base2(6)
    np.testing.assert_array_equal(sobol(5, 6, 2**32 - 1), expected)
    if cache != "none":
        monkeypatch.setattr(qmc, "Sobol", None)
    np.testing.assert_array_equal(sobol(5, 6, 2**32 - 1), expected)


def test_the_grid_is_the_whole_product_with_its_conditional_axes() -> None:
    sampler = GridPoints(LISTS)
    assert sampler.size == (1 + 3) * 3
    points = list(points_of(sampler, LISTS, list(range(12))).values())
    keys = [(point["schedule"], point.get("step.after"), round(point["share"], 9)) for point in points]
    assert keys == [
        (schedule, after, share)
        for schedule, after in (("constant", None), ("step", 1), ("step", 2), ("step", 3))
        for share in (0.1, 0.2, 0.3)
    ]


def test_every_grid_point_can_be_added_to_a_rebuilt_study() -> None:
    sampler = GridPoints(LISTS)
    study = new_study(sampler)
    for number in range(sampler.size):
        sampler.number = number
        trial = study.ask()
        LISTS.ask(trial)
        study.tell(trial, 1.0)
    rebuilt = new_study(sampler)
    rebuilt.add_trials(study.trials)  # validates every value against its distribution
    assert [trial.params for trial in rebuilt.trials] == [trial.params for trial in study.trials]


def test_a_grid_refuses_a_number_beyond_its_size() -> None:
    sampler = GridPoints(LISTS)
    sampler.number = 12
    with pytest.raises(UsageError, match="the grid has 12 points: set at most 12 trials"):
        new_study(sampler).ask()


def test_a_grid_too_large_to_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samplers.stateless, "LARGEST_GRID", 11)
    with pytest.raises(UsageError, match="the grid has more than 11 points"):
        GridPoints(LISTS)


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        (FloatDistribution(-1.0, 3.0), {0.0: -1.0, 0.5: 1.0}),
        (FloatDistribution(1e-4, 1.0, log=True), {0.0: 1e-4, 0.5: 1e-2}),
        (FloatDistribution(0.1, 0.3, step=0.1), {0.0: 0.1, 0.34: 0.2, 0.999: 0.3}),
        (IntDistribution(1, 3), {0.0: 1, 0.34: 2, 0.999: 3}),
        (IntDistribution(0, 30, step=10), {0.24: 0, 0.26: 10, 0.999: 30}),
        (IntDistribution(1, 100, log=True), {0.0: 1, 0.5: 7, 0.9999: 100}),
        (CategoricalDistribution(["a", "b", "c"]), {0.0: "a", 0.5: "b", 0.999: "c"}),
    ],
)
def test_value_at_the_quantiles(distribution: optuna.distributions.BaseDistribution, expected: dict) -> None:
    for u, value in expected.items():
        assert value_at(distribution, u) == (value if isinstance(value, str) else pytest.approx(value, rel=1e-12))
    for u in (0.0, 1 - 2.0**-53):
        assert distribution._contains(distribution.to_internal_repr(value_at(distribution, u)))


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


@pytest.mark.parametrize(
    ("name", "space", "objectives", "line"),
    [
        ("quasirandom", SPACE, 1, "unknown sampler 'quasirandom': did you mean 'quasi_random'?"),
        ("zzz", SPACE, 1, "unknown sampler 'zzz': known: cmaes, gp, grid, nsga2, quasi_random, random, tpe"),
        ("grid", SPACE, 1, "a grid needs steps, and learning_rate is a range without: give it a list or a step"),
        ("cmaes", NUMERIC, 2, "the cmaes sampler supports one objective: use nsga2 or tpe for several"),
        ("cmaes", SPACE, 1, "the cmaes sampler searches only ranges, but optimizer is a list: fix it, or use tpe"),
    ],
)
def test_what_cannot_be_searched_is_refused(name: str, space: Space, objectives: int, line: str) -> None:
    with pytest.raises(UsageError) as caught:
        make(name, space, 0, objectives)
    assert str(caught.value) == line


@pytest.mark.parametrize(("name", "package"), [("cmaes", "cmaes"), ("gp", "torch")])
def test_a_missing_extra_says_how_to_install_it(name: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samplers, "find_spec", lambda asked: None if asked == package else object())
    with pytest.raises(SweepgdError) as caught:
        make(name, NUMERIC, 0)
    assert str(caught.value) == f"the {name} sampler needs the package {package}: pip install 'sweepgd[{name}]'"
    assert not isinstance(caught.value, UsageError)
