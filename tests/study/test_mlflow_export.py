"""A results directory as an MLflow experiment, read with MLflow's client."""

import sys
from importlib.util import find_spec

import pytest
from recorded import STARTED, finished, write

from sweepgd import SweepgdError, load
from sweepgd.study.mlflow_export import write_experiment


@pytest.fixture
def directory(tmp_path):
    diverged = finished(1, status="diverged", validation_loss=None, message="the loss is above 1000")
    write(tmp_path / "run", [[finished(0, replicates=2), diverged, finished(2, status="failed", hyperparameters=None)]])
    return tmp_path / "run"


@pytest.mark.filterwarnings("ignore")  # of SQLAlchemy and MLflow
def test_every_run_has_its_settings_its_curve_and_its_end(run, directory):
    if find_spec("mlflow") is None:  # it is imported by the command, which sets its variables first
        pytest.skip("mlflow-skinny is not installed")
    shown = run("dashboard", str(directory), "--mlflow")
    uri = f"sqlite:///{directory}/mlflow.db"
    assert shown.out.splitlines() == [
        f"Wrote {directory}/mlflow.db, an MLflow experiment",
        f"To see it: uvx mlflow server --backend-store-uri {uri}",
    ]
    assert shown.err == ""
    assert write_experiment(directory) == directory / "mlflow.db"  # again
    assert [path.name for path in directory.glob("*mlflow*")] == ["mlflow.db"]
    mlflow = pytest.importorskip("mlflow")
    client = mlflow.MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("written")
    found = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert sorted(found) == ["0-0", "0-1", "1-0", "2-0"]
    assert [found[name].info.status for name in sorted(found)] == ["FINISHED", "FINISHED", "FINISHED", "FAILED"]
    one, row = found["0-1"], load(directory).trials.to_pylist()[1]
    assert one.data.params == {"optimizer": "momentum", "batch_size": "8", "learning_rate": "0.1", "momentum": "0.9"}
    assert one.data.metrics["end/validation_loss"] == row["validation_loss"]
    assert one.info.start_time == round(1000 * STARTED.timestamp())
    curve = [row for row in load(directory).curves.to_pylist() if (row["trial"], row["replicate"]) == (0, 1)]
    history = client.get_metric_history(one.info.run_id, "validation_loss")
    assert [(point.step, point.value) for point in history] == [(row["update"], row["validation_loss"]) for row in curve]
    tags = found["1-0"].data.tags
    assert (tags["status"], tags["message"]) == ("diverged", "the loss is above 1000")
    assert not [name for name in found["1-0"].data.metrics if name.startswith("end/")]


def test_without_mlflow_nothing_is_written(directory, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(SweepgdError, match=r"^an MLflow experiment needs the package mlflow-skinny: install sweepgd"):
        write_experiment(directory)
    assert not list(directory.glob("*mlflow*"))


def test_two_kinds_of_files_at_once_are_refused(run, directory):
    assert run("dashboard", str(directory), "--mlflow", "--tensorboard").err == (
        "sweepgd: --tensorboard and --mlflow write different files: give one of them\n"
    )
