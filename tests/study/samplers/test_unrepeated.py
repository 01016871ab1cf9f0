"""Sampling without repeats: each random or quasi-random point of a finite space is drawn once."""

from collections import Counter
from math import log2

import numpy as np
import pytest

from sweepgd.core.errors import UsageError
from sweepgd.study.samplers import MOST_REPEATS, Drawn, draw_at_random, make
from sweepgd.study.samplers.stateless import RandomPoints
from sweepgd.study.samplers.unrepeated import Unrepeated
from sweepgd.sweep.space import Axis, Space

FOUR = Space((Axis("batch_size", values=(8, 32)), Axis("learning_rate", values=(0.05, 0.1))))
# adam has 60 times as many settings as sgd.
UNEVEN = Space(
    (
        Axis("optimizer", values=("sgd", "adam")),
        Axis("rate", values=(0.01, 0.1, 0.2, 0.5)),
        Axis("beta1", low=0.1, high=0.9, step=0.1, when=("optimizer", ("adam",))),
        Axis("beta2", low=0.1, high=0.7, step=0.1, when=("optimizer", ("adam",))),
    )
)
WEIGHTED = Space((Axis("batch_size", low=1, high=512, log=True, integer=True),))
MIXED = Space(
    (Axis("optimizer", values=("sgd", "adam")), Axis("rate", low=1e-3, high=1.0, log=True, when=("optimizer", ("adam",))))
)
LARGE = Space(tuple(Axis(f"x{k}", low=1, high=1000, integer=True) for k in range(4)))
KINDS = ("random", "quasi_random")


def ask(sampler, space, numbers):
    """Return the points of a sampler at these numbers."""
    points = []
    for number in numbers:
        sampler.number = number
        points.append(space.ask(sampler))
    return points


def indices(sampler, space, count):
    return [space.index_of(point) for point in ask(sampler, space, range(count))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("space", "size"), [(FOUR, 4), (UNEVEN, 4 + 4 * 63), (WEIGHTED, 512)])
def test_a_finite_space_is_drawn_completely_without_repeats(kind, space, size):
    sampler = make(kind, space, 3)
    assert sorted(indices(sampler, space, size)) == list(range(size))
    with pytest.raises(UsageError, match=f"the space has {size} configurations: set at most {size} trials"):
        ask(sampler, space, [size])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("space", [FOUR, UNEVEN, MIXED])
def test_a_point_depends_only_on_seed_and_number(kind, space):
    count = 4 if space is FOUR else 200
    in_order = ask(make(kind, space, 5), space, range(count))
    numbers = [3, 1, count - 1, 0, 3, 2]
    assert ask(make(kind, space, 5), space, numbers) == [in_order[number] for number in numbers]
    assert in_order != ask(make(kind, space, 6), space, range(count))


@pytest.mark.parametrize("kind", KINDS)
def test_points_are_the_draws_with_repeats_without_duplicates(kind):
    """This holds while fewer than 20 draws in a row are repeats, which is almost certain for 40 of 256 points."""
    stream = ask(make(kind, UNEVEN, 1, repeats=True), UNEVEN, range(512))
    first_times = {UNEVEN.index_of(point): None for point in stream}
    assert len(first_times) < 512
    assert indices(make(kind, UNEVEN, 1), UNEVEN, 40) == list(first_times)[:40]


@pytest.mark.parametrize("kind", KINDS)
def test_excluded_points_are_never_drawn(kind):
    sampler = make(kind, UNEVEN, 0, without={0, 17, 255})
    assert sorted(indices(sampler, UNEVEN, 253)) == sorted(set(range(256)) - {0, 17, 255})


def test_a_grid_skips_excluded_points_and_keeps_its_order():
    sampler = make("grid", UNEVEN, 0, without={0, 17})
    assert sampler.size == 254
    assert indices(sampler, UNEVEN, 4) == [1, 2, 3, 4]
    assert [UNEVEN.index_of(point) for point in ask(sampler, UNEVEN, range(14, 18))] == [15, 16, 18, 19]
    assert make("grid", UNEVEN, 0, repeats=True, without={0, 17}).size == 256


def test_an_optimizers_share_does_not_depend_on_its_number_of_settings():
    """sgd has 4 of 256 points and half of the first draws; with uniform probabilities it would have 1 in 64."""
    firsts, fours = Counter(), Counter()
    for seed in range(400):
        optimizers = [point["optimizer"] for point in ask(make("random", UNEVEN, seed), UNEVEN, range(4))]
        firsts[optimizers[0]] += 1
        fours.update(optimizers)
    assert firsts["sgd"] == pytest.approx(200, abs=40)
    # Its share then falls as its points are used up: 1.78 of the first four.
    assert expected_number_of_sgd(4) == pytest.approx(1.779, abs=0.001)
    assert fours["sgd"] / 400 == pytest.approx(expected_number_of_sgd(4), abs=0.15)


def expected_number_of_sgd(draws):
    """Return the mean number of sgd's points among the first draws: 4 points of weight 1/8, and 252 of adam of weight 1/504."""
    states = {(0, 0): 1.0}
    for _ in range(draws):
        following = Counter()
        for (sgd, adam), weight in states.items():
            left = (4 - sgd) / 8, (252 - adam) / 504
            following[sgd + 1, adam] += weight * left[0] / sum(left)
            following[sgd, adam + 1] += weight * left[1] / sum(left)
        states = following
    return sum(sgd * weight for (sgd, _), weight in states.items())


def test_a_range_on_a_log_scale_keeps_its_distribution():
    """Half of the draws are below the geometric mean, 22.6, although only 23 of 512 values are."""
    firsts = [ask(make("random", WEIGHTED, seed), WEIGHTED, range(4)) for seed in range(200)]
    logs = [log2(point["batch_size"]) for points in firsts for point in points]
    assert np.mean(np.array(logs) < log2(22.6)) == pytest.approx(0.48, abs=0.06)


@pytest.mark.parametrize("kind", KINDS)
def test_a_branch_without_continuous_axes_is_drawn_once(kind):
    points = ask(make(kind, MIXED, 0), MIXED, range(50))
    assert [point["optimizer"] for point in points].count("sgd") == 1
    assert len({point.get("rate") for point in points}) == 50


def test_a_fully_continuous_space_uses_the_plain_sampler():
    space = Space((Axis("optimizer", values=("sgd", "adam")), Axis("rate", low=0.0, high=1.0)))
    assert isinstance(make("random", space, 0), RandomPoints)


def test_a_trillion_points_are_not_enumerated():
    assert LARGE.countable == 10**12
    found = indices(make("random", LARGE, 0, without={10**11}), LARGE, 500)
    assert len(set(found)) == 500
    assert np.mean(found) == pytest.approx(5e11, rel=0.1)


def test_remaining_points_are_drawn_uniformly():
    drawn = Drawn(UNEVEN)
    for place in range(256):
        if place not in (3, 100, 101, 255):
            drawn.add(UNEVEN.at(place), place)
    quantiles = (0.0, 0.24, 0.26, 0.51, 0.74, 0.76, 1 - 2**-53)
    assert [UNEVEN.index_of(drawn.rest(u)) for u in quantiles] == [3, 3, 100, 101, 101, 255, 255]
    drawn.remove(UNEVEN.at(7), 7)
    assert UNEVEN.index_of(drawn.rest(0.21)) == 7


def test_a_remaining_point_is_drawn_after_twenty_repeats():
    """If a sampler returns the same point always, the remaining draws are uniform over the other 255 points."""

    class Constant(RandomPoints):
        calls = 0

        def value(self, name, distribution):
            self.calls += name == "optimizer"
            return {"optimizer": "sgd", "rate": 0.1}[name]

    constant = Constant(0)
    sampler = Unrepeated(constant, UNEVEN, 0)
    found = indices(sampler, UNEVEN, 101)
    assert found[0] == 1
    assert constant.calls == 1 + 100 * MOST_REPEATS
    assert len(set(found)) == 101
    assert np.mean(found[1:]) == pytest.approx(128, abs=25)


def test_a_new_random_point_depends_only_on_its_seed():
    def drawn():
        points = Drawn(UNEVEN)
        for place in range(0, 256, 2):
            points.add(UNEVEN.at(place), place)
        return points

    found = [UNEVEN.index_of(draw_at_random(UNEVEN, seed, drawn(), 300)) for seed in range(40)]
    assert found == [UNEVEN.index_of(draw_at_random(UNEVEN, seed, drawn(), 300)) for seed in range(40)]
    assert all(place % 2 for place in found)
    assert len(set(found)) > 15
