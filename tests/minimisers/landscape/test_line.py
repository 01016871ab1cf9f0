import numpy as np
import pytest

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.minimisers.landscape import LANDSCAPES, RunKey, line
from sweepgd.minimisers.landscape.line import ALPHAS

PARTS = ("train", "test")


def test_a_line_goes_through_both_minimisers_in_twentieths():
    assert (len(ALPHAS), ALPHAS[0], ALPHAS[20], ALPHAS[40], ALPHAS[-1]) == (61, -1.0, 0.0, 1.0, 2.0)


def test_its_ends_have_the_recorded_losses_and_errors(moons):
    small, large = RunKey(0, 1), RunKey(1, 0)
    table = line(moons, small, large)
    assert table.schema == LANDSCAPES
    for index, run in ((20, small), (40, large)):
        point, recorded = table.slice(index, 1).to_pylist()[0], moons.row(run)
        for name in (f"{part}_{measure}" for part in PARTS for measure in ("loss", "error")):
            assert point[name] == pytest.approx(recorded[name], abs=1e-6)
    assert table["validation_loss"].null_count == len(ALPHAS)
    first = table.slice(0, 1).to_pylist()[0]
    assert [first[name] for name in ("kind", "trial", "replicate", "other_trial", "other_replicate")] == ["line", 0, 1, 1, 0]


def test_without_a_test_part_it_is_taken_on_the_validation_part(searched, moons):
    landscape = searched(moons.results.sweep_toml, "data.test=0.0")
    table = line(landscape, RunKey(0), RunKey(1))
    assert table["test_loss"].null_count == len(ALPHAS)
    assert table["validation_loss"][40].as_py() == pytest.approx(landscape.row(RunKey(1))["validation_loss"], abs=1e-6)


def test_on_a_quadratic_it_is_the_exact_parabola(quadratic):
    table = line(quadratic, RunKey(0), RunKey(1), workers=2)
    x0, x1 = (quadratic.minimum(RunKey(trial)).parameters for trial in (0, 1))
    curvatures = np.array([1.0, 10.0, 3.0])
    points = (1 - ALPHAS)[:, None] * x0 + ALPHAS[:, None] * x1
    np.testing.assert_allclose(table["train_loss"].to_numpy(), 0.5 * points**2 @ curvatures, rtol=1e-14)
    assert table["train_error"].null_count == table["test_loss"].null_count == len(ALPHAS)


def test_a_loss_beyond_the_floating_point_range_is_null(quadratic, monkeypatch):
    far = quadratic.minimum(RunKey(0)).parameters * 1e200
    minimum = quadratic.minimum
    monkeypatch.setattr(quadratic, "minimum", lambda run: minimum(run) if run.trial else type("Far", (), {"parameters": far}))
    losses = line(quadratic, RunKey(0), RunKey(1))["train_loss"].to_pylist()
    assert losses[40] == pytest.approx(quadratic.row(RunKey(1))["train_loss"])
    assert losses[:40] == [None] * 40


def test_a_line_from_a_run_to_itself_and_to_one_on_other_data_is_refused(moons, searched):
    with pytest.raises(UsageError, match=r"both ends are 1.0"):
        line(moons, RunKey(1), RunKey(1))
    redrawn = searched(moons.results.sweep_toml, "data.redraw=true")
    with pytest.raises(UsageError, match="trained on different data: choose two runs of the same replicate"):
        line(redrawn, RunKey(0, 0), RunKey(1, 1))
    assert line(redrawn, RunKey(0, 1), RunKey(1, 1))["train_loss"][40].as_py() == pytest.approx(
        redrawn.row(RunKey(1, 1))["train_loss"], abs=1e-6
    )


def test_a_run_that_diverged_or_does_not_exist_is_named(linear):
    with pytest.raises(SweepgdError, match=r"run 1.0 has no final weights: diverged at update \d+"):
        line(linear, RunKey(0), RunKey(1))
    with pytest.raises(UsageError, match=r"holds no run 9.0: it has trials 0 to 1 with 1 replicate"):
        line(linear, RunKey(0), RunKey(9))
