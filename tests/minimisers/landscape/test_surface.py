import json
from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
import pytest

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.curvature.objective import Objective, subset
from sweepgd.minimisers.landscape import LANDSCAPES, RunKey, SurfaceOptions, surface
from sweepgd.minimisers.landscape.optimizer_path import path_of

SMALL = SurfaceOptions(resolution=5)


def parts(table):
    """The surface's rows, the path's, and the settings that they share."""
    surface, path = (table.filter(pc.equal(table["kind"], kind)) for kind in ("surface", "path"))
    (settings,) = pc.unique(table["settings"]).to_pylist()
    return surface, path, json.loads(settings)


def coordinates(rows):
    return np.array([rows["alpha"].to_pylist(), rows["beta"].to_pylist()]).T


def test_the_path_ends_at_the_origin_and_is_projected_on_its_principal_components(moons):
    run = RunKey(0, 1)
    surface_, path, settings = parts(surface(moons, run, SMALL))
    weights = path_of(moons, run).weights.astype(np.float64)
    vectors = np.linalg.eigh(np.cov(weights.T))[1].T[::-1][:2]
    assert coordinates(path)[-1].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(np.abs(coordinates(path)), np.abs((weights - weights[-1]) @ vectors.T), atol=1e-6)
    assert settings["axes"] == "principal components"
    assert 0.5 < sum(settings["explained"]) <= 1.0
    assert path["train_loss"][-1].as_py() == moons.row(run)["train_loss"]
    assert path["update"][-1].as_py() == moons.row(run)["updates"]
    low, high = coordinates(surface_).min(axis=0), coordinates(surface_).max(axis=0)
    assert (low < coordinates(path).min(axis=0)).all()
    assert (coordinates(path).max(axis=0) < high).all()


def test_its_middle_is_the_minimiser_and_its_grid_goes_by_beta_then_alpha(moons):
    run = RunKey(1, 0)
    table = surface(moons, run, SurfaceOptions(directions="random", resolution=5, rows="full"))
    rows, path, settings = parts(table)
    assert table.schema == LANDSCAPES
    assert (rows.num_rows, path.num_rows) == (25, 0)
    assert coordinates(rows)[:6].tolist() == [[-1, -1], [-0.5, -1], [0, -1], [0.5, -1], [1, -1], [-1, -0.5]]
    middle = rows.slice(12, 1).to_pylist()[0]
    for name in ("train_loss", "test_loss", "train_error", "test_error"):
        assert middle[name] == pytest.approx(moons.row(run)[name], abs=1e-6)
    assert (settings["directions"], settings["axes"], settings["explained"]) == ("random", "random", None)
    assert settings["rows"] == {"train": 84, "test": 18}


def test_extent_and_rows_are_kept_to_and_recorded(moons):
    run = RunKey(0)
    rows, _, settings = parts(surface(moons, run, SurfaceOptions("path", 5, extent=0.25, rows=10, seed=4)))
    assert coordinates(rows)[0].tolist() == [-0.25, -0.25]
    assert coordinates(rows)[-1].tolist() == [0.25, 0.25]
    assert settings["rows"] == {"train": 10, "test": 10}
    objective = Objective(moons.architecture(run), subset(moons.data(run).train, 10, 4))
    loss, error = objective.evaluate(moons.minimum(run).parameters)
    assert rows["train_loss"][12].as_py() == pytest.approx(loss, rel=1e-6)
    assert rows["train_error"][12].as_py() == error


def test_two_parameters_are_the_plane_itself(searched, quadratic):
    text = quadratic.results.sweep_toml
    landscape = searched(text, "model.curvatures=[1.0, 10.0]", "model.start=[1.0, -0.5]")
    rows, path, settings = parts(surface(landscape, RunKey(0), SMALL))
    assert settings["axes"] == "parameters"
    at = coordinates(rows)
    np.testing.assert_allclose(rows["train_loss"].to_numpy(), 0.5 * at**2 @ [1.0, 10.0], rtol=1e-14)
    assert coordinates(path)[0].tolist() == [1.0, -0.5]
    np.testing.assert_array_equal(coordinates(path)[-1], landscape.minimum(RunKey(0)).parameters)
    rows, path, _ = parts(surface(landscape, RunKey(0), replace(SMALL, directions="random", extent=2.0)))
    np.testing.assert_allclose(coordinates(rows)[12], landscape.minimum(RunKey(0)).parameters)
    assert path.num_rows == 0


def test_a_run_whose_path_cannot_be_had_is_drawn_on_random_directions_and_says_so(searched, moons):
    said = []
    landscape = searched(moons.results.sweep_toml, "budget.epochs=1")
    landscape.note = said.append
    _, path, settings = parts(surface(landscape, RunKey(0), SMALL))
    assert said == [
        "run 0.0 is drawn without its path, along random directions: the path is a single point or a straight line,"
        " and spans no plane"
    ]
    assert (path.num_rows, settings["axes"], settings["directions"]) == (0, "random", "path")


def test_far_out_losses_beyond_the_floating_point_range_are_null(moons):
    rows, _, _ = parts(surface(moons, RunKey(0), SurfaceOptions("random", 5, extent=1e60)))
    assert rows["train_loss"].null_count == 24
    assert rows["train_loss"][12].as_py() == pytest.approx(moons.row(RunKey(0))["train_loss"], abs=1e-6)


def test_a_single_parameter_has_no_plane_and_a_diverged_run_no_weights(searched, quadratic, linear):
    landscape = searched(quadratic.results.sweep_toml, "model.curvatures=[2.0]", "model.start=[1.0]")
    with pytest.raises(UsageError, match="single parameter, but a plane needs two"):
        surface(landscape, RunKey(0), SMALL)
    with pytest.raises(SweepgdError, match=r"run 1.0 has no final weights: diverged at"):
        surface(linear, RunKey(1), SMALL)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"directions": "both"}, "give path or random"),
        ({"resolution": 4}, "give from 5 to 1000"),
        ({"resolution": 1001}, "give from 5 to 1000"),
        ({"extent": 0.0}, "more than 0"),
        ({"extent": float("nan")}, "more than 0"),
        ({"extent": float("inf")}, "at most 1e"),
        ({"rows": 0}, 'at least 1, or "full"'),
        ({"rows": "some"}, 'at least 1, or "full"'),
    ],
)
def test_what_cannot_be_asked_for_is_one_line(wrong, message):
    with pytest.raises(UsageError, match=message):
        SurfaceOptions(**wrong)
