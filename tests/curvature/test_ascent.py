import numpy as np
import pytest

from sweepgd.curvature.ascent import LEFT, climb, climbs, directions
from sweepgd.curvature.ball import BALL
from sweepgd.curvature.box import BOX
from sweepgd.problem import Problem


def quadratic(curvatures, slope):
    """½ Σ λᵢuᵢ² + slope · u, and how often it was asked."""
    asked = []

    def rise(u):
        asked.append(u)
        return float(0.5 * curvatures @ u**2 + slope @ u), curvatures * u + slope

    return rise, asked


def test_directions_are_uphill_both_ways_along_eigenvectors_random_and_mixtures():
    curvatures, slope = np.r_[9.0, 8.0, 7.0, np.linspace(1.0, -1.0, 37)], np.ones(40)
    found = list(directions(lambda v: curvatures * v, slope, 11, np.random.default_rng(0)))
    assert len(found) == 11
    np.testing.assert_array_equal(found[0], slope)
    leading = np.array(found[1:7:2])  # 11 // 3 of them
    for number, vector in enumerate(leading):
        np.testing.assert_array_equal(found[2 + 2 * number], -vector)
        assert np.linalg.norm(curvatures * vector - (9 - number) * vector) <= 0.2 * (9 - number)
    assert np.linalg.norm(found[7][3:]) > 0.5 * np.linalg.norm(found[7])
    for mixture in found[8:]:
        coordinates = leading @ mixture
        np.testing.assert_allclose(coordinates @ leading, mixture, atol=1e-8)
        assert (coordinates != 0.0).all()


@pytest.mark.parametrize(("slope", "first"), [((0.0, 2.0), (0.0, 2.0)), ((0.0, 0.0), (1.0, 0.0))])
def test_where_the_slope_is_0_the_first_direction_is_an_eigenvector(slope, first):
    [only] = directions(lambda v: np.array([3.0, 1.0]) * v, np.array(slope), 1, np.random.default_rng(0))
    assert np.abs(only) == pytest.approx(first)


def test_where_the_curvature_overflows_random_directions_stand_for_the_eigenvectors():
    def overflow(v):
        raise Problem("the curvature is not finite: overflow")

    found = np.array(list(directions(overflow, np.ones(9), 12, np.random.default_rng(0))))
    assert found.shape == (12, 9)
    np.testing.assert_array_equal(found[1:9:2], -found[2:9:2])
    assert np.linalg.matrix_rank(found[1:9]) == 4
    assert (np.linalg.norm(found, axis=1) > 0.1).all()


@pytest.mark.parametrize("region", [BALL, BOX], ids=["ball", "box"])
def test_an_ascent_ends_where_its_slope_promises_little(region):
    curvatures = np.geomspace(0.01, 10.0, 30)
    rise, asked = quadratic(curvatures, 0.1 * np.ones(30))
    start = region.outermost(np.random.default_rng(1).standard_normal(30))
    summit = climb(rise, region, start, 1000)
    assert len(asked) < 40
    height, slope = rise(summit.at)
    assert height == summit.rise
    assert region.support(slope) - slope @ summit.at <= LEFT * height
    assert max(rise(u)[0] for u in list(asked)) == summit.rise


def test_an_ascent_makes_no_more_steps_than_it_may_and_keeps_the_highest():
    rise, asked = quadratic(np.geomspace(0.01, 10.0, 30), np.zeros(30))
    climb(rise, BALL, BALL.outermost(np.ones(30)), 3, left=0.0)
    assert len(asked) == 3
    falling = climb(lambda u: (-float(len(u)), np.ones(2)), BALL, np.zeros(2), 9)
    assert (falling.rise, falling.at.tolist()) == (-2.0, [0.0, 0.0])


def test_the_higher_of_two_summits_is_found_though_the_slope_leads_to_the_lower():
    # Along u₀ the slope leads up, along u₁ there is none, and much curvature.
    rise, _ = quadratic(np.array([0.5, 8.0]), np.array([1.0, 0.0]))
    uphill, heights = climbs(rise, BALL, [np.array([1.0, 0.0])], 50)
    assert uphill.rise == pytest.approx(1.25)
    assert heights.tolist() == [uphill.rise]
    towards = directions(lambda v: np.array([0.5, 8.0]) * v, np.array([1.0, 0.0]), 6, np.random.default_rng(0))
    best, heights = climbs(rise, BALL, towards, 50)
    # On the circle cos θ + ¼ cos²θ + 4 sin²θ is highest at cos θ = 2/15.
    assert best.rise == pytest.approx(4.0 + 1.0 / 15.0, rel=LEFT)
    assert len(heights) == 6
    assert heights.max() == best.rise
    assert heights[0] == uphill.rise


def test_no_rise_is_below_that_of_the_centre():
    rise, _ = quadratic(np.array([-1.0, -2.0]), np.zeros(2))
    best, heights = climbs(rise, BOX, np.eye(2), 5)
    assert best.rise < 0.0
    assert heights.tolist() == [0.0, 0.0]
