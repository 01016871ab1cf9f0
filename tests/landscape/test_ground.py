from dataclasses import replace

import pytest

from sweepgd.landscape import Ground, Run
from sweepgd.problem import Problem, UsageProblem
from sweepgd.record import Results


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layout": [[0, 7]]}, r"run 0.0 has \d+ parameters in another layout than model 'mlp' has here: install the version"),
        ({"data_fingerprint": "0"}, "run 0.0 was trained on other data than moons gives now: restore them"),
    ],
)
def test_a_minimum_of_another_layout_or_of_other_data_is_refused(moons, monkeypatch, change, message):
    recorded = replace(moons.minimum(Run(0)), **change)
    monkeypatch.setattr(Results, "minimum", lambda self, trial, replicate: recorded)
    with pytest.raises(Problem, match=message):
        moons.minimum(Run(0))


def test_a_folder_without_results_and_a_model_that_is_not_installed_are_named(moons, tmp_path):
    with pytest.raises(Problem, match="is no result directory"):
        Ground(tmp_path)
    (tmp_path / "trials").mkdir()
    (tmp_path / "sweep.toml").write_text(moons.results.sweep_toml.replace('"mlp"', '"gone"'))
    with pytest.raises(UsageProblem, match="unknown model 'gone'"):
        Ground(tmp_path)


def test_without_any_trial_it_says_how_to_get_some(moons, tmp_path):
    (tmp_path / "trials").mkdir()
    (tmp_path / "sweep.toml").write_text(moons.results.sweep_toml)
    with pytest.raises(UsageProblem, match=r"holds no run 0.0, nor any other: sweepgd search"):
        Ground(tmp_path).row(Run(0))
