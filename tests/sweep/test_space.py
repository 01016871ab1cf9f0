"""Countable points of a space have indices in the order of its grid, and are not held in memory."""

import pytest

from sweepgd.sweep.space import Axis, Space

CONDITIONAL = Space(
    (
        Axis("data", values=("digits",)),
        Axis("optimizer", values=("sgd", "adam")),
        Axis("schedule", values=("constant", "step")),
        Axis("beta", low=0.1, high=0.3, step=0.1, when=("optimizer", ("adam",))),
        Axis("after", low=2, high=6, step=2, integer=True, when=("schedule", ("step",))),
    )
)
# A learning rate is a continuous range only for adam.
MIXED = Space(
    (
        Axis("optimizer", values=("sgd", "adam", "momentum")),
        Axis("rate", low=1e-3, high=1.0, log=True, when=("optimizer", ("adam",))),
        Axis("batch", values=(8, 32)),
    )
)
LARGE = Space(
    (
        Axis("optimizer", values=("sgd", "adam")),
        Axis("batch", low=1, high=60_000, log=True, integer=True),
        Axis("rate", values=tuple(10.0**-k for k in range(100))),
        Axis("beta", low=0.0, high=0.999, step=0.001, when=("optimizer", ("adam",))),
        Axis("warmup", low=0, high=99, integer=True),
    )
)


def test_indices_follow_the_grid_with_conditional_axes():
    betas, afters = (0.1, 0.2, 0.3), (2, 4, 6)
    expected = [
        *(("sgd", "constant", None, None), *(("sgd", "step", None, after) for after in afters)),
        *(("adam", "constant", beta, None) for beta in betas),
        *(("adam", "step", beta, after) for beta in betas for after in afters),
    ]
    assert CONDITIONAL.countable == len(expected) == 16
    points = [CONDITIONAL.at(index) for index in range(16)]
    found = [(point["optimizer"], point["schedule"], point.get("beta"), point.get("after")) for point in points]
    assert found == expected
    assert list(CONDITIONAL.grid()) == points
    assert [CONDITIONAL.index_of(point) for point in points] == list(range(16))


def test_a_space_of_a_trillion_points_is_not_enumerated():
    assert LARGE.finite
    assert LARGE.countable == 60_000 * 100 * 100 * (1 + 1000) == 600_600_000_000
    for index in (0, 1, 599_999_999, 600_000_000, 123_456_789_012, LARGE.countable - 1):
        assert LARGE.index_of(LARGE.at(index)) == index
    assert LARGE.at(599_999_999) == {"optimizer": "sgd", "batch": 60_000, "rate": 1e-99, "warmup": 99}
    assert LARGE.at(600_000_000) == {"optimizer": "adam", "batch": 1, "rate": 1.0, "beta": 0.0, "warmup": 0}


def test_points_with_a_continuous_axis_have_no_index():
    assert not MIXED.finite
    assert MIXED.countable == 4
    assert [MIXED.at(index)["optimizer"] for index in range(4)] == ["sgd", "sgd", "momentum", "momentum"]
    assert MIXED.index_of({"optimizer": "momentum", "batch": 32}) == 3
    assert MIXED.index_of({"optimizer": "adam", "rate": 0.1, "batch": 32}) is None


@pytest.mark.parametrize(
    ("axis", "inside", "outside"),
    [
        (Axis("a", values=("x", 3)), {"x": 0, 3: 1}, ["y", 3.5]),
        (Axis("a", low=1, high=9, step=4, integer=True), {1: 0, 9: 2}, [3, 10, "full"]),
        (Axis("a", low=0.1, high=0.3, step=0.1), {0.1: 0, 0.1 + 2 * 0.1 - 1e-16: 2, 0.3: 2}, [0.25, 0.4]),
        (Axis("a", low=1, high=512, log=True, integer=True), {1: 0, 512: 511}, [0, 1.5]),
        (Axis("a", low=0.5, high=0.5), {0.5: 0}, [0.6]),
    ],
)
def test_values_on_an_axis_have_indices_and_others_none(axis, inside, outside):
    assert {value: axis.index_of(value) for value in inside} == inside
    assert all(axis.holds(value) for value in inside)
    assert [axis.index_of(value) for value in outside] == [None] * len(outside)
    assert not any(axis.holds(value) for value in outside)
    assert [axis.index_of(axis.at(index)) for index in range(axis.count)] == list(range(axis.count))


def test_a_continuous_axis_holds_all_values_of_its_range():
    rate = Axis("rate", low=1e-3, high=1.0, log=True)
    assert rate.count == 0
    assert [rate.holds(value) for value in (1e-3, 0.5, 1.0, 1.1, "full")] == [True, True, True, False, False]
    assert rate.index_of(0.5) is None
