from dataclasses import replace

import numpy as np
import pytest

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.curvature.objective import Objective
from sweepgd.minimisers.landscape import LandscapeContext, RunKey
from sweepgd.minimisers.landscape.optimizer_path import path_of
from sweepgd.record import Results


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"layout": [[0, 7]]},
            r"the layout of run 0.0 \(\d+ parameters\) is not the layout of model 'mlp' here: install the",
        ),
        ({"data_fingerprint": "0"}, "the data of run 0.0 differ from the present data of moons: restore the data"),
    ],
)
def test_a_minimum_of_another_layout_or_of_other_data_is_refused(moons, monkeypatch, change, message):
    recorded = replace(moons.minimum(RunKey(0)), **change)
    monkeypatch.setattr(Results, "minimum", lambda self, trial, replicate, which: recorded)
    with pytest.raises(SweepgdError, match=message):
        moons.minimum(RunKey(0))


def test_a_folder_without_results_and_a_model_that_is_not_installed_are_named(moons, tmp_path):
    with pytest.raises(SweepgdError, match="is not a results directory"):
        LandscapeContext(tmp_path)
    (tmp_path / "trials").mkdir()
    (tmp_path / "sweep.toml").write_text(moons.results.sweep_toml.replace('"mlp"', '"gone"'))
    with pytest.raises(UsageError, match="unknown model 'gone'"):
        LandscapeContext(tmp_path)


def test_without_any_trial_it_says_how_to_get_some(moons, tmp_path):
    (tmp_path / "trials").mkdir()
    (tmp_path / "sweep.toml").write_text(moons.results.sweep_toml)
    with pytest.raises(UsageError, match=r"holds no runs yet: run its sweep"):
        LandscapeContext(tmp_path).row(RunKey(0))


def test_the_objective_best_loss_takes_the_minimum_of_the_best_weights(searched, moons):
    landscape = searched(moons.results.sweep_toml, 'search={objective="best_validation_loss",sampler="grid",replicates=2}')
    rows = landscape.results.trials.to_pylist()
    assert {landscape.which(RunKey(row["trial"], row["replicate"])) for row in rows} == {"final", "best"}
    for row in rows:
        run = RunKey(row["trial"], row["replicate"])
        minimum, train = landscape.minimum(run), landscape.data(run).train
        loss, error = Objective(landscape.architecture(run), train).evaluate(minimum.parameters.astype(np.float64))
        assert minimum.update == row["evaluated_at_update"] == path_of(landscape, run).points[-1].update
        assert (loss, error) == (pytest.approx(row["train_loss"], rel=1e-5), row["train_error"])
