"""Landscapes of a study whose trials differ in settings of model and data: each run has its own."""

import numpy as np
import pytest

from sweepgd.core.errors import UsageError

VARIED = (
    "model={name='mlp'}",
    "data={name='moons',split='tail'}",
    "space.model.hidden=[[4],[3,2]]",
    "space.data.rows=[80,120]",
)


@pytest.fixture
def varied(searched):
    """Trials by width, rows and batch size (the last varies fastest), two replicates each."""
    from minimisers.landscape.conftest import MOONS

    return searched(MOONS, *VARIED)


def test_a_run_has_its_own_model_and_data_and_its_weights_give_its_loss(varied):
    from sweepgd.curvature.objective import Objective
    from sweepgd.minimisers.landscape import RunKey

    for trial, parameters, rows in ((0, 17, 56), (3, 17, 84), (4, 20, 56), (7, 20, 84)):
        run = RunKey(trial, 1)
        assert varied.architecture(run).parameters == parameters
        assert varied.data(run).rows == rows
        minimum, train = varied.minimum(run), varied.data(run).train
        loss, _ = Objective(varied.architecture(run), train).evaluate(minimum.parameters.astype(np.float64))
        assert loss == pytest.approx(varied.row(run)["train_loss"], rel=1e-5)


def test_a_line_joins_runs_of_equal_settings_only(varied):
    from sweepgd.minimisers.landscape import RunKey, line, pair

    ends = pair(varied.results.trials)
    assert varied.of(ends[0]).settings == varied.of(ends[1]).settings
    table = line(varied, RunKey(6), RunKey(7), workers=1)
    losses = dict(zip(table["alpha"].to_pylist(), table["train_loss"].to_pylist(), strict=True))
    for alpha, run in ((0.0, RunKey(6)), (1.0, RunKey(7))):
        assert losses[alpha] == pytest.approx(varied.row(run)["train_loss"], rel=1e-5)
    with pytest.raises(UsageError, match="have different settings of model or data: choose two runs with equal settings"):
        line(varied, RunKey(0), RunKey(2), workers=1)


def test_a_surface_has_the_path_of_a_run_with_its_own_settings(varied):
    from sweepgd.minimisers.landscape import RunKey
    from sweepgd.minimisers.landscape.surface import SurfaceOptions, surface

    table = surface(varied, RunKey(5), SurfaceOptions(resolution=5), workers=1)
    path = [row for row in table.to_pylist() if row["kind"] == "path"]
    assert path[-1]["train_loss"] == pytest.approx(varied.row(RunKey(5))["train_loss"])
