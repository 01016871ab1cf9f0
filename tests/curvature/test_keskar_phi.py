import numpy as np
import pytest
from curvature_points import blobs, measured, network_and_weights, quadratic
from run_builders import model_for, no_data

from sweepgd.curvature.ascent import Maximum
from sweepgd.curvature.keskar_phi import refine
from sweepgd.curvature.objective import Objective


@pytest.mark.parametrize(
    "curvatures",
    [(1.0, 10.0), tuple(np.geomspace(1e-3, 100.0, 50)), (1e-6,) * 40, (3.0,)],
    ids=["two", "five decades", "flat", "one"],
)
def test_phi_of_a_quadratic_equals_its_formula_for_any_seed(curvatures):
    for seed in range(10):
        found = measured(quadratic(curvatures), no_data(), np.zeros(len(curvatures)), "phi", seed=seed)
        for epsilon in (1e-3, 5e-4):
            expected = 100 * 0.5 * epsilon**2 * sum(curvatures)
            assert found[f"phi_{epsilon:g}"].value == pytest.approx(expected, rel=1e-4)
            assert found[f"phi_{epsilon:g}"].error <= 1e-4 * expected


def test_the_box_grows_with_the_parameters_and_phi_is_in_per_cent_of_1_plus_loss():
    at = np.array([3.0, -1.0])
    curvatures = np.array([2.0, 5.0])
    loss = 0.5 * np.sum(curvatures * at**2)
    corner = np.abs(at) + 0.01 * (np.abs(at) + 1)
    found = measured(quadratic(tuple(curvatures)), no_data(), at, "phi", settings={"phi": {"epsilon": [0.01]}})
    expected = 100 * (0.5 * np.sum(curvatures * corner**2) - loss) / (1 + loss)
    assert found["phi_0.01"].value == pytest.approx(expected, rel=1e-9)
    assert found["phi_0.01"].settings["epsilon"] == (0.01,)


def test_phi_in_a_subspace_equals_the_best_corner_of_its_box():
    curvatures = np.linspace(1.0, 3.0, 8)
    found = measured(
        quadratic(tuple(curvatures)), no_data(), np.zeros(8), "phi", settings={"phi": {"epsilon": [1e-3], "dimensions": 3}}
    )
    rng = np.random.default_rng([0, 7, *b"phi_subspace"])
    basis = rng.standard_normal((8, 3))
    corners = np.array(np.meshgrid(*[[-1e-3, 1e-3]] * 3)).reshape(3, -1)
    rises = 0.5 * curvatures @ (basis @ corners) ** 2
    assert found["phi_subspace_0.001"].value == pytest.approx(100 * rises.max(), rel=1e-9)


def test_the_box_of_a_subspace_grows_with_the_coordinates_of_the_parameters():
    curvatures, at = np.linspace(1.0, 3.0, 8), np.linspace(-40.0, 60.0, 8)
    settings = {"phi": {"epsilon": [1e-3], "dimensions": 3}}
    found = measured(quadratic(tuple(curvatures)), no_data(), at, "phi", settings=settings)["phi_subspace_0.001"]
    basis = np.random.default_rng([0, 7, *b"phi_subspace"]).standard_normal((8, 3))
    half = 1e-3 * (np.abs(np.linalg.pinv(basis) @ at) + 1)
    assert half.max() > 5e-3
    corners = half[:, None] * np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1)
    losses = 0.5 * curvatures @ (at[:, None] + basis @ corners) ** 2
    here = 0.5 * curvatures @ at**2
    assert found.value == pytest.approx(100 * (losses.max() - here) / (1 + here), rel=1e-9)


def test_phi_is_0_for_a_flat_loss_and_at_a_maximum():
    for curvatures in ((0.0, 0.0), (-1.0, -2.0)):
        found = measured(quadratic(curvatures), no_data(), np.zeros(2), "phi")
        assert [record.value for record in found.values()] == pytest.approx([0.0] * 4, abs=1e-5)
        assert all(record.value >= 0 and record.message is None for record in found.values())


def test_l_bfgs_b_finds_a_maximum_inside_the_box_from_the_best_corner():
    def ridge(s):  # the maximum is the line s₀ = ½, away from corners
        return float(1.0 - (s[0] - 0.5) ** 2), np.array([-2 * (s[0] - 0.5), 0.0])

    corner = np.array([1.0, -1.0])
    assert ridge(corner)[0] == 0.75
    found = refine(ridge, Maximum(0.75, corner), 10)
    assert found.rise == pytest.approx(1.0, abs=1e-6)
    assert found.at == pytest.approx([0.5, -1.0], abs=1e-3)


def test_refining_never_returns_a_lower_rise():
    def jagged(s):  # with a gradient of the wrong sign
        return float(-np.abs(s).sum()), np.sign(s)

    found = refine(jagged, Maximum(0.0, np.zeros(3)), 10)
    assert (found.rise, found.at.tolist()) == (0.0, [0.0, 0.0, 0.0])


def test_phi_of_a_network_is_at_least_that_of_random_corners():
    data = blobs()
    architecture, theta = network_and_weights(data, "relu")
    found = measured(architecture, data, theta, "phi")
    objective = Objective(architecture, data.train)
    here = objective.loss(theta)
    rng = np.random.default_rng(1)
    points = theta + 1e-3 * (np.abs(theta) + 1) * rng.choice([-1.0, 1.0], (500, len(theta)))
    best = 100 * (max(map(objective.loss, points)) - here) / (1 + here)
    assert best > 0
    assert found["phi_0.001"].value >= best
    assert 0 <= found["phi_0.001"].error <= 0.02 * found["phi_0.001"].value
    assert found["phi_0.0005"].value < found["phi_0.001"].value


def test_a_subspace_has_at_most_as_many_dimensions_as_parameters():
    found = measured(model_for(no_data(), "rosenbrock"), no_data(), np.ones(2), "phi")
    assert found["phi_subspace_0.001"].value > 0
