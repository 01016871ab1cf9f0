import numpy as np
import pytest
from curvature_points import blobs, dense_hessian, measured, network_and_weights, only_value, point_at, quadratic
from run_builders import no_data

from sweepgd.curvature.catalogue import settings_of
from sweepgd.curvature.trace import hutchinson, rademacher, trace


@pytest.mark.parametrize("hidden", [(5,), (), (4, 3)])
def test_the_trace_is_within_3_errors_in_97_of_100_seeds(hidden):
    data = blobs()
    architecture, theta = network_and_weights(data, hidden=hidden)
    expected = np.trace(dense_hessian(architecture, theta, data, "tanh"))
    settings = settings_of("trace", {})
    found = [only_value(trace(point_at(architecture, data, theta, seed), settings)) for seed in range(100)]
    assert sum(abs(value.value - expected) <= 3 * value.error for value in found) >= 97
    assert all(value.error <= 0.05 * value.value for value in found if value.message is None)


def test_the_variance_of_a_draw_is_twice_the_squares_off_the_diagonal():
    rng = np.random.default_rng(5)
    matrix = rng.normal(size=(20, 20))
    matrix += matrix.T
    forms = [v @ matrix @ v for v in (rademacher(rng, 20) for _ in range(20_000))]
    expected = 2 * np.sum((matrix - np.diag(np.diag(matrix))) ** 2)
    assert np.mean(forms) == pytest.approx(np.trace(matrix), abs=3 * np.sqrt(expected / 20_000))
    assert np.var(forms) == pytest.approx(expected, rel=0.05)
    value = hutchinson(iter(forms).__next__, 0.0, 400)
    assert value.error == pytest.approx(np.sqrt(expected / 400), rel=0.15)


def test_drawing_stops_at_the_tolerance_or_adds_a_message():
    rng = np.random.default_rng(0)
    drawn = []

    def draw():
        drawn.append(rng.normal(1.0, 0.5))
        return drawn[-1]

    value = hutchinson(draw, 0.05, 1000)
    assert value.message is None
    assert value.error <= 0.05 * value.value
    assert 60 <= len(drawn) <= 140  # (0.5 / 0.05)² = 100
    assert value.value == np.mean(drawn)
    value = hutchinson(draw, 0.001, 50)
    assert value.message == "the standard error is still above 0.001 times the estimate after 50 draws"
    assert value.error == pytest.approx(0.5 / np.sqrt(50), rel=0.3)


def test_errors_are_valid_for_a_loose_tolerance():
    rng = np.random.default_rng(2)
    found = [hutchinson(lambda: rng.normal(1.0, 1.0), 0.5, 200) for _ in range(2000)]
    assert np.mean([abs(value.value - 1.0) <= 2 * value.error for value in found]) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("curvatures", [(1.0, 10.0, -3.0), (0.0, 0.0), (2.5,)])
def test_the_trace_of_a_diagonal_matrix_has_no_error(curvatures):
    record = measured(quadratic(curvatures), no_data(), np.ones(len(curvatures)), "trace")["trace"]
    assert (record.value, record.error, record.message) == (sum(curvatures), 0.0, None)
