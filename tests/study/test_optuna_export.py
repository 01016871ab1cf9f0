"""A results directory rebuilt as a study of Optuna's: every trial with its state, values, parameters and attributes."""

import socket
from math import isclose
from urllib.error import URLError
from urllib.request import urlopen

import optuna
import pytest
from commands import call, running
from linear_sweep import sweep
from optuna.trial import TrialState
from waiting import wait_until

from sweepgd import search
from sweepgd.study.optuna_export import rebuild


def optuna_study(path):
    return optuna.load_study(study_name=None, storage=f"sqlite:///{path}")


def test_a_study_holds_what_is_recorded(tmp_path):
    results = search(sweep("search.trials=8", "space.learning_rate={low=1e-3,high=50.0,log=true}"), out=tmp_path / "run")
    rows, trials = results.trials.to_pylist(), optuna_study(rebuild(tmp_path / "run")).trials
    assert [trial.user_attrs["trial"] for trial in trials] == list(range(8))
    assert {row["status"] for row in rows} == {"completed", "diverged"}
    for row, trial in zip(rows, trials, strict=True):
        completed = row["status"] == "completed"
        assert trial.state == (TrialState.COMPLETE if completed else TrialState.FAIL)
        assert trial.values == (row["objectives"] if completed else None)
        assert isclose(trial.params["learning_rate"], row["learning_rate"], rel_tol=1e-12)
        assert trial.params["batch_size"] == row["batch_size"] == trial.user_attrs["batch_size"]
        assert trial.user_attrs["status"] == row["status"]
        if completed:
            assert trial.user_attrs["train_loss"] == row["train_loss"]
            assert list(trial.intermediate_values.values())[-1] == row["validation_loss"]


def test_pruned_trials_and_several_objectives(tmp_path):
    pruned = search(sweep("search.trials=12", "search.pruner='median'", "budget.epochs=10"), out=tmp_path / "pruned").trials
    trials = optuna_study(rebuild(tmp_path / "pruned")).trials
    assert [trial.state == TrialState.PRUNED for trial in trials] == [status.as_py() == "pruned" for status in pruned["status"]]
    assert TrialState.PRUNED in {trial.state for trial in trials}
    assert set(trials[0].intermediate_values) == set(range(10, 100, 10))
    search(sweep("search.sampler='tpe'", "search.objectives=['validation_loss','train_loss']"), out=tmp_path / "two")
    rebuilt = optuna_study(rebuild(tmp_path / "two"))
    assert rebuilt.metric_names == ["validation_loss", "train_loss"]
    assert len(rebuilt.best_trials) >= 1


def test_a_sweep_with_a_plugin_is_shown_with_the_plugin(monkeypatch, capsys, tmp_path):
    plugin, out = tmp_path / "rule.py", str(tmp_path / "run")
    plugin.write_text(
        "from dataclasses import replace\nfrom sweepgd.optimizers.sgd import sgd\nmine = replace(sgd, name='mine')\n"
    )
    search(sweep("search.trials=2", "space.optimizer=['mine']"), out=out, workers=1, plugins=[plugin])
    refused = call(monkeypatch, capsys, "dashboard", out, "--only-file")
    assert (refused.code, refused.err) == (2, "sweepgd: the sweep was run with a plugin file rule.py: give it with --plugin\n")
    assert call(monkeypatch, capsys, "dashboard", out, "--only-file", "--plugin", str(plugin)).code == 0
    assert [trial.user_attrs["optimizer"] for trial in optuna_study(tmp_path / "run" / "optuna.db").trials] == ["mine", "mine"]


def test_the_dashboard_is_served(tmp_path):
    pytest.importorskip("optuna_dashboard", reason="optuna-dashboard is not installed")
    search(sweep("search.trials=2"), out=tmp_path / "run")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running("dashboard", str(tmp_path / "run"), "--port", str(port)) as served:

        def answers():
            assert served.poll() is None, served.stderr.read()
            try:
                with urlopen(f"http://127.0.0.1:{port}/api/studies") as answer:
                    return answer.read()
            except URLError:
                return b""

        wait_until(answers)
        assert b'"study_name": "example"' in answers()
        served.terminate()
