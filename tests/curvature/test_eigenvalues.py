import numpy as np
import pytest
from curvature_points import blobs, dense_hessian, measured, network_and_weights, point_at, quadratic
from run_builders import no_data

from sweepgd.core.errors import SweepgdError
from sweepgd.curvature.eigenvalues import CachedProduct, basis_size, dense, largest, residuals
from sweepgd.curvature.point import Point


def start(size: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal(size)


def symmetric(eigenvalues: np.ndarray) -> np.ndarray:
    basis = np.linalg.qr(np.random.default_rng(3).normal(size=(len(eigenvalues),) * 2))[0]
    return (basis * eigenvalues) @ basis.T


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_lambda_max_equals_the_dense_hessians(activation):
    data = blobs()
    architecture, theta = network_and_weights(data, activation)
    expected = np.linalg.eigvalsh(dense_hessian(architecture, theta, data, activation))[::-1]
    found = measured(architecture, data, theta, "lambda_max", settings={"lambda_max": {"k": 4}})
    assert list(found) == ["lambda_max", "lambda_max_2", "lambda_max_3", "lambda_max_4"]
    for eigenvalue, record in zip(expected, found.values(), strict=False):
        assert record.value == pytest.approx(eigenvalue, rel=1e-6)
        assert 0 <= record.error <= 1e-4 * abs(record.value)
        assert record.settings == {"k": 4, "tolerance": 1e-4, "seed": 0, "rows": 60, "dtype": "float64", "exact": True}


def test_gauss_newton_max_of_a_linear_model_is_lambda_max():
    data = blobs()
    architecture, theta = network_and_weights(data, hidden=())
    found = measured(architecture, data, theta, "lambda_max", "gauss_newton_max")
    assert found["gauss_newton_max"].value == pytest.approx(found["lambda_max"].value, rel=1e-9)


def test_gauss_newton_max_of_a_network_is_not_lambda_max():
    data = blobs()
    architecture, theta = network_and_weights(data)
    found = measured(architecture, data, theta, "lambda_max", "gauss_newton_max")
    assert abs(found["gauss_newton_max"].value / found["lambda_max"].value - 1) > 1e-3


@pytest.mark.parametrize(
    "eigenvalues",
    [
        np.linspace(-3, 2, 40),
        np.r_[np.linspace(0, 1, 200), 1.02, 1.021, 5.0],
        -np.linspace(1, 2, 50),
        np.r_[np.zeros(60), 7.0],
        np.full(30, 4.0),
        np.array([3.0, -1.0]),
        np.array([-2.0]),
    ],
    ids=["indefinite", "close", "negative", "rank one", "all alike", "two", "one"],
)
def test_the_largest_eigenvalues_of_any_spectrum_are_found(eigenvalues):
    matrix, k = symmetric(eigenvalues), min(3, len(eigenvalues))
    values, vectors = largest(lambda v: matrix @ v, start(len(matrix)), k, 1e-6, np.random.default_rng(0))
    np.testing.assert_allclose(values, np.sort(eigenvalues)[::-1][:k], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=0), 1.0)
    assert (residuals(lambda v: matrix @ v, values, vectors) <= np.maximum(1e-6 * np.abs(values), 1e-14)).all()


def test_residuals_scale_with_the_matrix():
    vectors = np.array([[1.0, 0.1], [0.1, 1.0]])  # (1, 0.1) and (0.1, 1), a column each
    for scale in (1.0, 1e3):
        found = residuals(lambda v, scale=scale: scale * np.array([4.0, 0.0]) * v, np.array([4.0, 0.0]) * scale, vectors)
        np.testing.assert_allclose(found, np.array([0.4, 0.4]) * scale)


def test_errors_of_eigenvalues_scale_with_the_curvature():
    curvatures = np.linspace(0.1, 2.0, 80)

    def found(scale):
        return measured(quadratic(tuple(scale * curvatures)), no_data(), np.ones(80), "lambda_max", "gauss_newton_max")

    small, large = found(1.0), found(1000.0)
    assert small["lambda_max"].error > 0
    for name in ("lambda_max", "gauss_newton_max"):
        assert abs(small[name].value - 2.0) <= small[name].error + 1e-12
        assert large[name].value == pytest.approx(1000 * small[name].value)
        assert large[name].error == pytest.approx(1000 * small[name].error, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("size", [1e-12, 1e-20, 1e-38, 1e-100])
def test_eigenvalues_of_a_tiny_hessian_are_accurate(size):
    eigenvalues = size * np.r_[np.zeros(170), np.linspace(1, 2, 30)]
    values, _ = largest(lambda v: eigenvalues * v, start(200), 1, 1e-6, np.random.default_rng(0))
    assert values[0] == pytest.approx(2 * size, rel=1e-9)


def test_a_hessian_that_underflows_in_float32_has_eigenvalues_of_0():
    found = measured(quadratic((1e-60,) * 30), no_data(), np.ones(30), "lambda_max", dtype="float32")["lambda_max"]
    assert (found.value, found.error, found.message) == (0.0, 0.0, None)


def test_a_hessian_of_zeros_has_eigenvalues_of_0():
    found = measured(quadratic((0.0,) * 30), no_data(), np.ones(30), "lambda_max", settings={"lambda_max": {"k": 2}})
    assert [(record.value, record.error, record.message) for record in found.values()] == [(0.0, 0.0, None)] * 2


def test_there_are_at_most_as_many_eigenvalues_as_parameters():
    found = measured(quadratic((1.0, 10.0)), no_data(), np.ones(2), "lambda_max", settings={"lambda_max": {"k": 3}})
    assert [record.value for record in found.values()] == pytest.approx([10.0, 1.0, None])
    assert found["lambda_max_3"].message == "the model has only 2 parameters, and therefore only 2 eigenvalues"


def test_lanczos_without_convergence_raises_a_problem():
    eigenvalues = np.linspace(0, 1, 20_000)
    with pytest.raises(SweepgdError, match="Lanczos did not reach a residual of 1e-10 in 100 restarts: raise tolerance"):
        largest(lambda v: eigenvalues * v, start(20_000), 1, 1e-10, np.random.default_rng(0))


class Counted:
    """A diagonal matrix that counts its products."""

    def __init__(self, eigenvalues: np.ndarray) -> None:
        self.eigenvalues, self.count = eigenvalues, 0

    def __call__(self, v: np.ndarray) -> np.ndarray:
        self.count += 1
        return self.eigenvalues * v


def test_from_near_an_eigenvector_one_basis_is_enough_and_residuals_are_free():
    matrix = Counted(1.0 / np.arange(1, 2001) ** 2)
    near = 0.1 * start(2000) / np.linalg.norm(start(2000))
    near[0] += 1.0
    product = CachedProduct(matrix, basis_size(2000, 1))
    values, vectors = largest(product, near, 1, 1e-3, np.random.default_rng(0))
    (found,) = residuals(product.image, values, vectors)
    assert matrix.count == 6
    assert values[0] == pytest.approx(1.0, rel=1e-6)
    assert found == pytest.approx(np.linalg.norm(matrix(vectors[:, 0]) - values[0] * vectors[:, 0]), rel=1e-9)
    assert found <= 1e-3


def test_an_image_outside_of_the_stored_span_needs_a_product():
    matrix = Counted(np.arange(1.0, 51.0))
    product = CachedProduct(matrix, 3)
    for direction in np.eye(50)[:4]:
        product(direction)
    np.testing.assert_array_equal(product.image(np.eye(50)[3]), 4.0 * np.eye(50)[3])
    assert matrix.count == 4
    np.testing.assert_array_equal(product.image(np.eye(50)[0]), np.eye(50)[0])
    assert matrix.count == 5


@pytest.mark.parametrize(("measure", "matrix"), [("lambda_max", Point.hessian), ("gauss_newton_max", Point.gauss_newton)])
def test_a_start_from_a_sample_of_rows_ends_at_the_dense_eigenvalues(measure, matrix):
    data = blobs(rows=1100)
    architecture, theta = network_and_weights(data)
    point = point_at(architecture, data, theta)
    assert point.sample is not None
    assert point.sample.objective.rows == 69
    expected = np.linalg.eigvalsh(dense(matrix(point), len(theta)))[::-1]
    found = measured(architecture, data, theta, measure, settings={"lambda_max": {"k": 3}})
    for eigenvalue, record in zip(expected, found.values(), strict=False):
        assert record.value == pytest.approx(eigenvalue, rel=1e-6)
        assert 0 <= record.error <= 1e-4 * abs(record.value)
