"""Random and quasi-random points of a finite space come once each, and are functions of seed and number alone."""

from collections import Counter
from math import log2

import numpy as np
import pytest

from sweepgd.problem import UsageProblem
from sweepgd.samplers import MOST_REPEATS, Drawn, draw_at_random, make
from sweepgd.samplers.points import RandomPoints
from sweepgd.samplers.unrepeated import Unrepeated
from sweepgd.space import Axis, Space

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
    """The points of a sampler at these numbers."""
    points = []
    for number in numbers:
        sampler.number = number
        points.append(space.ask(sampler))
    return points


def places(sampler, space, count):
    return [space.place(point) for point in ask(sampler, space, range(count))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("space", "size"), [(FOUR, 4), (UNEVEN, 4 + 4 * 63), (WEIGHTED, 512)])
def test_a_finite_space_is_drawn_without_repeats_until_it_is_used_up(kind, space, size):
    sampler = make(kind, space, 3)
    assert sorted(places(sampler, space, size)) == list(range(size))
    with pytest.raises(UsageProblem, match=f"the space has {size} configurations: ask for at most as many trials"):
        ask(sampler, space, [size])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("space", [FOUR, UNEVEN, MIXED])
def test_a_point_depends_on_seed_and_number_alone(kind, space):
    count = 4 if space is FOUR else 200
    in_order = ask(make(kind, space, 5), space, range(count))
    some = [3, 1, count - 1, 0, 3, 2]
    assert ask(make(kind, space, 5), space, some) == [in_order[number] for number in some]
    assert in_order != ask(make(kind, space, 6), space, range(count))


@pytest.mark.parametrize("kind", KINDS)
def test_they_are_the_draws_of_before_without_the_repeats(kind):
    """As long as fewer than 20 draws in a row are repeats, which 40 of 256 points make next to impossible."""
    stream = ask(make(kind, UNEVEN, 1, repeats=True), UNEVEN, range(512))
    first_times = {UNEVEN.place(point): None for point in stream}
    assert len(first_times) < 512
    assert places(make(kind, UNEVEN, 1), UNEVEN, 40) == list(first_times)[:40]


@pytest.mark.parametrize("kind", KINDS)
def test_points_that_are_left_out_never_come(kind):
    sampler = make(kind, UNEVEN, 0, without={0, 17, 255})
    assert sorted(places(sampler, UNEVEN, 253)) == sorted(set(range(256)) - {0, 17, 255})


def test_a_grid_leaves_them_out_and_keeps_its_order():
    sampler = make("grid", UNEVEN, 0, without={0, 17})
    assert sampler.size == 254
    assert places(sampler, UNEVEN, 4) == [1, 2, 3, 4]
    assert [UNEVEN.place(point) for point in ask(sampler, UNEVEN, range(14, 18))] == [15, 16, 18, 19]
    assert make("grid", UNEVEN, 0, repeats=True, without={0, 17}).size == 256


def test_each_optimizer_keeps_its_share_however_many_settings_it_has():
    """sgd has 4 of 256 points, and half of the first draws: with every point as likely as any other it would have 1 in 64."""
    firsts, fours = Counter(), Counter()
    for seed in range(400):
        optimizers = [point["optimizer"] for point in ask(make("random", UNEVEN, seed), UNEVEN, range(4))]
        firsts[optimizers[0]] += 1
        fours.update(optimizers)
    assert firsts["sgd"] == pytest.approx(200, abs=40)
    # Then its share falls by what it has used up: 1.78 of the first four.
    assert expected_of_sgd(4) == pytest.approx(1.779, abs=0.001)
    assert fours["sgd"] / 400 == pytest.approx(expected_of_sgd(4), abs=0.15)


def expected_of_sgd(draws):
    """The mean number of sgd's 4 points, of 1/8 each, among successive draws; adam's 252 are of 1/504 each."""
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
    """Half of its draws lie below the geometric mean, 22.6, though 23 of 512 values do."""
    firsts = [ask(make("random", WEIGHTED, seed), WEIGHTED, range(4)) for seed in range(200)]
    logs = [log2(point["batch_size"]) for points in firsts for point in points]
    assert np.mean(np.array(logs) < log2(22.6)) == pytest.approx(0.48, abs=0.06)


@pytest.mark.parametrize("kind", KINDS)
def test_a_branch_without_continuous_axes_is_not_drawn_again(kind):
    points = ask(make(kind, MIXED, 0), MIXED, range(50))
    assert [point["optimizer"] for point in points].count("sgd") == 1
    assert len({point.get("rate") for point in points}) == 50


def test_a_space_with_a_continuous_axis_everywhere_is_asked_as_before():
    space = Space((Axis("optimizer", values=("sgd", "adam")), Axis("rate", low=0.0, high=1.0)))
    assert isinstance(make("random", space, 0), RandomPoints)


def test_a_trillion_points_are_drawn_from_without_being_enumerated():
    assert LARGE.countable == 10**12
    found = places(make("random", LARGE, 0, without={10**11}), LARGE, 500)
    assert len(set(found)) == 500
    assert np.mean(found) == pytest.approx(5e11, rel=0.1)


def test_what_is_left_is_drawn_evenly():
    drawn = Drawn(UNEVEN)
    for place in range(256):
        if place not in (3, 100, 101, 255):
            drawn.add(UNEVEN.at(place), place)
    quantiles = (0.0, 0.24, 0.26, 0.51, 0.74, 0.76, 1 - 2**-53)
    assert [UNEVEN.place(drawn.rest(u)) for u in quantiles] == [3, 3, 100, 101, 101, 255, 255]
    drawn.remove(UNEVEN.at(7), 7)
    assert UNEVEN.place(drawn.rest(0.21)) == 7


def test_one_of_the_rest_is_drawn_after_twenty_repeats_in_a_row():
    """A sampler that asks for one point alone; what follows is still evenly spread over the other 255."""

    class Stubborn(RandomPoints):
        asked = 0

        def value(self, name, distribution):
            self.asked += name == "optimizer"
            return {"optimizer": "sgd", "rate": 0.1}[name]

    stubborn = Stubborn(0)
    sampler = Unrepeated(stubborn, UNEVEN, 0)
    found = places(sampler, UNEVEN, 101)
    assert found[0] == 1
    assert stubborn.asked == 1 + 100 * MOST_REPEATS
    assert len(set(found)) == 101
    assert np.mean(found[1:]) == pytest.approx(128, abs=25)


def test_a_new_random_point_is_a_function_of_its_seed():
    def drawn():
        some = Drawn(UNEVEN)
        for place in range(0, 256, 2):
            some.add(UNEVEN.at(place), place)
        return some

    found = [UNEVEN.place(draw_at_random(UNEVEN, seed, drawn(), 300)) for seed in range(40)]
    assert found == [UNEVEN.place(draw_at_random(UNEVEN, seed, drawn(), 300)) for seed in range(40)]
    assert all(place % 2 for place in found)
    assert len(set(found)) > 15
