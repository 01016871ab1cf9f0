"""Random, quasi-random and grid samplers: each point depends on seed and number alone."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import optuna
import platformdirs
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import create_trial
from scipy.stats import qmc
from study.samplers.spaces import LISTS, SPACE, new_study, points_of

from sweepgd.core import disk_cache
from sweepgd.core.errors import UsageError
from sweepgd.study import samplers
from sweepgd.study.samplers import GridPoints, Points, make
from sweepgd.study.samplers.stateless import QuasiRandomPoints, RandomPoints, sobol, value_at
from sweepgd.sweep.space import Axis, Space

POINT_SAMPLERS: list[tuple[Callable[[], Points], Space]] = [
    (lambda: RandomPoints(3), SPACE),
    (lambda: QuasiRandomPoints(SPACE, 3), SPACE),
    (lambda: GridPoints(LISTS), LISTS),
]


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
