import numpy as np
import pytest
from curvature_points import blobs, measured, network_and_weights, quadratic
from run_builders import no_data

from sweepgd.curvature.objective import Objective


def sharp(curvatures, at, *names, **settings):
    return measured(quadratic(tuple(curvatures)), no_data(), np.array(at, dtype=float), *names, **settings)


def test_sam_of_a_quadratic_equals_a_search_on_the_circle():
    curvatures, at, rho = np.array([2.0, 5.0]), np.array([1.0, -0.5]), 0.05
    found = sharp(curvatures, at, "sam")
    gradient = curvatures * at

    def rise(step):
        return np.sum(curvatures * ((at + step) ** 2 - at**2)) / 2

    assert found["sam_step"].value == pytest.approx(rise(rho * gradient / np.linalg.norm(gradient)))
    best = max(rise(rho * np.array([np.cos(angle), np.sin(angle)])) for angle in np.linspace(0, 2 * np.pi, 2001))
    assert found["sam_max"].value == pytest.approx(best, rel=1e-5)
    assert found["sam_max"].error <= 1e-3 * best


def test_at_a_minimum_sam_max_is_from_lambda_max_and_sam_step_is_missing():
    found = sharp(np.geomspace(0.01, 10.0, 30), np.zeros(30), "sam")
    assert found["sam_step"].value is None
    assert found["sam_step"].message == "the gradient is 0, so that a step along it has no direction"
    assert found["sam_max"].value == pytest.approx(0.5 * 0.05**2 * 10.0, rel=1e-3)


def test_sam_max_is_not_restricted_to_the_gradient_direction():
    found = sharp([1.0, 10.0], [1.0, 0.0], "sam", settings={"sam": {"rho": 1.0}})
    assert found["sam_step"].value == pytest.approx(1.5)
    # On the unit circle cos θ + ½ cos²θ + 5 sin²θ is highest at cos θ = 1/9.
    assert found["sam_max"].value == pytest.approx(1 / 9 + 0.5 / 81 + 5 * 80 / 81, rel=1e-4)


def test_at_a_maximum_of_the_loss_sharpness_is_0():
    found = sharp([-1.0, -2.0], [0.0, 0.0], "sam", "asam")
    assert found["sam_max"].value == 0.0
    assert found["asam_max"].value == 0.0


def test_asam_of_a_quadratic_is_sam_with_curvatures_times_squared_weights():
    at = np.array([0.5, -2.0, 0.0])
    curvatures = np.array([3.0, 1.0, 50.0])
    asam = sharp(curvatures, at, "asam", settings={"asam": {"rho": 0.1}})
    scaled = sharp(curvatures * at**2, np.sign(at), "sam", settings={"sam": {"rho": 0.1}})
    assert asam["asam_step"].value == pytest.approx(scaled["sam_step"].value)
    assert asam["asam_max"].value == pytest.approx(scaled["sam_max"].value, rel=1e-4)


def test_asam_of_zero_parameters_is_0():
    found = sharp([1.0, 2.0], [0.0, 0.0], "asam")
    assert found["asam_step"].value is None
    assert found["asam_max"].value == 0.0


@pytest.mark.parametrize("name", ["sam", "asam"])
def test_no_random_point_of_the_ball_is_higher(name):
    data = blobs()
    architecture, theta = network_and_weights(data, "relu")
    rho = {"sam": 0.05, "asam": 0.5}[name]
    found = measured(architecture, data, theta, name)
    objective = Objective(architecture, data.train)
    scale = np.ones_like(theta) if name == "sam" else np.abs(theta)
    rng = np.random.default_rng(2)
    directions = rng.normal(size=(500, len(theta)))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    best = max(objective.loss(theta + rho * scale * u) for u in directions) - objective.loss(theta)
    assert found[f"{name}_max"].value > best > 0
    assert found[f"{name}_max"].value >= found[f"{name}_step"].value
    assert found[f"{name}_max"].error <= 0.01 * found[f"{name}_max"].value
