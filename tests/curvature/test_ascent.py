import numpy as np
import pytest

from sweepgd.core.errors import SweepgdError
from sweepgd.curvature.ascent import REMAINING_RISE, ascend, ascend_from, directions
from sweepgd.curvature.keskar_phi import BOX
from sweepgd.curvature.sam_sharpness import BALL


def quadratic(curvatures, slope):
    """The rise ½ Σ λᵢuᵢ² + slope · u, and the list of points at which it was evaluated."""
    evaluated = []

    def rise(u):
        evaluated.append(u)
        return float(0.5 * curvatures @ u**2 + slope @ u), curvatures * u + slope

    return rise, evaluated


def test_directions_are_gradient_signed_eigenvectors_random_and_combinations():
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
def test_with_a_zero_gradient_the_first_direction_is_an_eigenvector(slope, first):
    [only] = directions(lambda v: np.array([3.0, 1.0]) * v, np.array(slope), 1, np.random.default_rng(0))
    assert np.abs(only) == pytest.approx(first)


def test_random_directions_replace_eigenvectors_if_the_curvature_overflows():
    def overflow(v):
        raise SweepgdError("the curvature is not finite: overflow")

    found = np.array(list(directions(overflow, np.ones(9), 12, np.random.default_rng(0))))
    assert found.shape == (12, 9)
    np.testing.assert_array_equal(found[1:9:2], -found[2:9:2])
    assert np.linalg.matrix_rank(found[1:9]) == 4
    assert (np.linalg.norm(found, axis=1) > 0.1).all()


@pytest.mark.parametrize("region", [BALL, BOX], ids=["ball", "box"])
def test_an_ascent_ends_when_the_predicted_further_rise_is_small(region):
    curvatures = np.geomspace(0.01, 10.0, 30)
    rise, evaluated = quadratic(curvatures, 0.1 * np.ones(30))
    start = region.boundary_point(np.random.default_rng(1).standard_normal(30))
    highest = ascend(rise, region, start, 1000)
    assert len(evaluated) < 40
    height, slope = rise(highest.at)
    assert height == highest.rise
    assert region.support(slope) - slope @ highest.at <= REMAINING_RISE * height
    assert max(rise(u)[0] for u in list(evaluated)) == highest.rise


def test_an_ascent_obeys_its_iteration_limit_and_returns_the_highest_iterate():
    rise, evaluated = quadratic(np.geomspace(0.01, 10.0, 30), np.zeros(30))
    ascend(rise, BALL, BALL.boundary_point(np.ones(30)), 3, left=0.0)
    assert len(evaluated) == 3
    falling = ascend(lambda u: (-float(len(u)), np.ones(2)), BALL, np.zeros(2), 9)
    assert (falling.rise, falling.at.tolist()) == (-2.0, [0.0, 0.0])


def test_the_higher_of_two_maxima_is_found_although_the_gradient_leads_to_the_lower():
    # The gradient is along u₀; along u₁ it is 0, and the curvature is large.
    rise, _ = quadratic(np.array([0.5, 8.0]), np.array([1.0, 0.0]))
    uphill, heights = ascend_from(rise, BALL, [np.array([1.0, 0.0])], 50)
    assert uphill.rise == pytest.approx(1.25)
    assert heights.tolist() == [uphill.rise]
    towards = directions(lambda v: np.array([0.5, 8.0]) * v, np.array([1.0, 0.0]), 6, np.random.default_rng(0))
    best, heights = ascend_from(rise, BALL, towards, 50)
    # On the circle cos θ + ¼ cos²θ + 4 sin²θ is highest at cos θ = 2/15.
    assert best.rise == pytest.approx(4.0 + 1.0 / 15.0, rel=REMAINING_RISE)
    assert len(heights) == 6
    assert heights.max() == best.rise
    assert heights[0] == uphill.rise


def test_rises_are_at_least_0():
    rise, _ = quadratic(np.array([-1.0, -2.0]), np.zeros(2))
    best, heights = ascend_from(rise, BOX, np.eye(2), 5)
    assert best.rise < 0.0
    assert heights.tolist() == [0.0, 0.0]
