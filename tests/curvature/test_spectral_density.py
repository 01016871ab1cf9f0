from math import pi, sqrt

import numpy as np
import pytest
from curvature_points import blobs, dense_hessian, measured, network_and_weights, only_value, point_at, quadratic
from run_builders import no_data

from sweepgd.curvature.catalogue import settings_of
from sweepgd.curvature.spectral_density import WIDTH, broaden, quadrature, spectral_density


def test_nodes_and_weights_have_the_moments_of_the_vector():
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(50, 50))
    matrix += matrix.T
    v = rng.normal(size=50)
    nodes, weights = quadrature(lambda u: matrix @ u, v, 6)
    assert len(nodes) == 6
    power = v
    for k in range(12):
        assert np.sum(weights * nodes**k) == pytest.approx(v @ power / (v @ v), rel=1e-9), k
        power = matrix @ power


@pytest.mark.parametrize(("size", "steps"), [(5, 64), (1, 2), (40, 40)])
def test_with_all_steps_the_nodes_are_the_eigenvalues(size, steps):
    rng = np.random.default_rng(4)
    matrix = rng.normal(size=(size, size))
    matrix += matrix.T
    nodes, weights = quadrature(lambda u: matrix @ u, rng.normal(size=size), steps)
    np.testing.assert_allclose(np.sort(nodes), np.linalg.eigvalsh(matrix), atol=1e-9)
    assert weights.sum() == pytest.approx(1.0)


def test_lanczos_ends_at_an_invariant_subspace():
    nodes, weights = quadrature(lambda u: np.r_[np.zeros(50), np.full(50, 3.0)] * u, np.ones(100), 64)
    np.testing.assert_allclose(np.sort(nodes), [0.0, 3.0], atol=1e-12)
    np.testing.assert_allclose(weights, [0.5, 0.5])
    nodes, weights = quadrature(np.zeros_like, np.ones(10), 64)
    assert (nodes, weights) == ([0.0], [1.0])


def test_the_density_is_a_sum_of_gaussians_at_the_nodes():
    grid, density = broaden(np.array([-1.0, 3.0]), np.array([0.25, 0.75]))
    width = WIDTH * 4
    gaussians = sum(w * np.exp(-0.5 * ((grid - x) / width) ** 2) / (width * sqrt(2 * pi)) for x, w in ((-1, 0.25), (3, 0.75)))
    np.testing.assert_allclose(density, gaussians)
    assert np.trapezoid(density, grid) == pytest.approx(1.0, abs=1e-4)


def test_the_moments_of_the_density_equal_those_of_the_hessian():
    data = blobs()
    architecture, theta = network_and_weights(data)
    hessian = dense_hessian(architecture, theta, data, "tanh")
    size = len(theta)
    record = measured(
        architecture, data, theta, "spectral_density", settings={"spectral_density": {"draws": 200, "mean_draws": 200}}
    )
    record = record["spectral_density"]
    assert record.value == pytest.approx(np.trace(hessian) / size, abs=3 * record.error)
    grid, density = record.grid, record.density
    spread = WIDTH * (grid[-1] - grid[0]) / (1 + 8 * WIDTH)
    # The third moment of a node broadened by s is λ³ + 3λs², the second λ² + s².
    moments = [np.trapezoid(density * grid**k, grid) for k in range(4)]
    found = [moments[1], moments[2] - spread**2, moments[3] - 3 * moments[1] * spread**2]
    assert moments[0] == pytest.approx(1.0, abs=1e-4)
    for k, moment in enumerate(found, start=1):
        power = np.linalg.matrix_power(hessian, k)
        # Rademacher forms: variance 2 Σ_{i≠j} of the squares, over draws and parameters.
        error = sqrt(2 * np.sum((power - np.diag(np.diag(power))) ** 2) / 200) / size
        assert moment == pytest.approx(np.trace(power) / size, abs=3 * error), k


@pytest.mark.parametrize(("curvatures", "mean"), [((0.0,) * 5, 0.0), ((2.0,) * 5, 2.0), ((-4.0,), -4.0)])
def test_equal_eigenvalues_have_one_peak(curvatures, mean):
    record = measured(quadratic(curvatures), no_data(), np.ones(len(curvatures)), "spectral_density")["spectral_density"]
    assert (record.value, record.error) == pytest.approx((mean, 0.0))
    assert record.grid[record.density.argmax()] == pytest.approx(mean, abs=0.01 * (abs(mean) or 1.0))
    assert np.trapezoid(record.density, record.grid) == pytest.approx(1.0, abs=1e-4)


def test_two_errors_cover_the_mean_eigenvalue_in_93_percent_of_seeds():
    data = blobs()
    architecture, theta = network_and_weights(data, "relu")
    hessian = dense_hessian(architecture, theta, data, "relu")
    mean = np.trace(hessian) / len(theta)
    settings = settings_of("spectral_density", {"steps": 2, "draws": 2})
    found = [only_value(spectral_density(point_at(architecture, data, theta, seed), settings)) for seed in range(400)]
    covered = np.mean([abs(value.value - mean) <= 2 * value.error for value in found])
    # With 8 draws, two plain standard errors cover it in 88 %. 400 seeds have a Monte Carlo error of 1.1 %.
    assert covered >= 0.93
    variance = 2 * np.sum((hessian - np.diag(np.diag(hessian))) ** 2) / len(theta) ** 2
    assert np.median([value.error for value in found]) == pytest.approx(np.sqrt(variance / 64), rel=0.1)
