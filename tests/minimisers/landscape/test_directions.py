import numpy as np
import pytest

from sweepgd.core.errors import SweepgdError
from sweepgd.core.layout import BIAS, POSITION, SCALE, WEIGHT, Tensor, layout_of, tensors_in
from sweepgd.minimisers.landscape.directions import parameter_plane, path_plane, random_plane

LAYOUT = layout_of(
    [Tensor((3, 4), WEIGHT, 3, 4), Tensor((4,), BIAS, 3, 4), Tensor((4,), SCALE, 3, 4), Tensor((4, 2), WEIGHT, 4, 2)]
)
MINIMUM = np.random.default_rng(0).normal(size=28)


def naive_components(path):
    """The principal components by the covariance's eigenvectors, largest first, and their shares of the variance."""
    values, vectors = np.linalg.eigh(np.cov(path.T))
    return vectors.T[::-1], values[::-1] / values.sum()


def test_random_directions_have_the_norms_of_trained_neurons_and_keep_biases():
    plane = random_plane(MINIMUM, LAYOUT, np.random.default_rng(1))
    assert plane.axes == "random"
    trained = tensors_in(MINIMUM, LAYOUT)
    for direction in plane.directions:
        tensors = tensors_in(direction, LAYOUT)
        for index in (0, 3):
            np.testing.assert_allclose(np.linalg.norm(tensors[index], axis=0), np.linalg.norm(trained[index], axis=0))
        assert not tensors[1].any()
        assert not tensors[2].any()
    assert abs(np.corrcoef(*plane.directions)[0, 1]) < 0.5


def test_the_same_seed_gives_the_same_random_plane_and_another_another():
    planes = [random_plane(MINIMUM, LAYOUT, np.random.default_rng(seed)).directions for seed in (1, 1, 2)]
    np.testing.assert_array_equal(planes[0], planes[1])
    assert not np.allclose(planes[0], planes[2])


def test_a_neuron_of_zeros_is_not_moved_and_all_zero_weights_have_no_direction():
    minimum = MINIMUM.copy()
    tensors_in(minimum, LAYOUT)[0][:, 1] = 0.0
    plane = random_plane(minimum, LAYOUT, np.random.default_rng(1))
    assert not tensors_in(plane.directions[0], LAYOUT)[0][:, 1].any()
    with pytest.raises(SweepgdError, match="all weights are zero"):
        random_plane(np.zeros(28), LAYOUT, np.random.default_rng(1))


def test_directions_on_a_surface_have_norm_1():
    layout = layout_of([Tensor((3,), POSITION, 3, 1)])
    plane = random_plane(np.zeros(3), layout, np.random.default_rng(0))
    np.testing.assert_allclose(np.linalg.norm(plane.directions, axis=1), 1.0)


def test_the_plane_of_a_path_is_that_of_its_principal_components():
    path = np.random.default_rng(3).normal(size=(12, 6)).cumsum(axis=0)
    plane = path_plane(path, path.shape[1])
    components, shares = naive_components(path)
    np.testing.assert_allclose(np.abs(np.sum(plane.directions * components[:2], axis=1)), 1.0)
    np.testing.assert_allclose(plane.explained, shares[:2])
    projected = plane.project(path)
    np.testing.assert_allclose(np.abs(projected), np.abs((path - path[-1]) @ components[:2].T), atol=1e-12)
    assert projected[-1].tolist() == [0.0, 0.0]
    assert projected[0, 0] < 0.0 < projected[0, 1]
    np.testing.assert_allclose(plane.at(np.array([2.0, -1.0])), path[-1] + 2 * plane.directions[0] - plane.directions[1])


@pytest.mark.parametrize("path", [np.ones((5, 4)), np.outer([0.0, 0.3, 1.0], [1.0, 2.0, 3.0]), np.ones((1, 4))])
def test_a_path_that_spans_no_plane_is_refused(path):
    with pytest.raises(SweepgdError, match="spans no plane"):
        path_plane(path, path.shape[1])


def test_the_plane_of_two_parameters_is_their_own():
    plane = parameter_plane()
    np.testing.assert_array_equal(plane.at(np.array([0.3, -2.0])), [0.3, -2.0])
    np.testing.assert_array_equal(plane.project(np.array([[0.3, -2.0]])), [[0.3, -2.0]])
