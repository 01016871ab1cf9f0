"""Export a results directory as an MLflow experiment in an SQLite file."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sweepgd.core.errors import SweepgdError, installing, reason
from sweepgd.core.outcome import FAILED, TIMED_OUT
from sweepgd.record import Results, load
from sweepgd.record.atomic_files import atomic_replacement, writing
from sweepgd.study.exported_runs import ExportedRun, exported_runs
from sweepgd.sweep import recorded_table

FILE = "mlflow.db"
# The largest number of parameters and metrics that MLflow takes in one call.
MOST_VALUES = 1000


def write_experiment(directory: Path | str) -> Path:
    """Write the file mlflow.db into a results directory, and return its path. An earlier file is replaced.

    The experiment has the name of the sweep. Each run is called "trial-replicate" and has its settings as parameters, its
    evaluations by update and its final losses as metrics, and the status and the message as tags. The names of the final losses
    begin with "end/". Numbers that are not finite are left out. Raises SweepgdError if MLflow is not installed, if the
    directory is not a results directory, or if it cannot be written.
    """
    results = load(directory)
    path, name = results.directory / FILE, str(recorded_table(results.sweep_toml)["name"])
    # MLflow reads these at its import. By default it reports its use to its makers, and prints a line for each table.
    os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_LOGGING_LEVEL": "WARNING"}
    with warnings.catch_warnings(action="ignore"):  # of MLflow and SQLAlchemy
        try:
            import mlflow  # noqa: F401 - an extra
        except ImportError:
            raise SweepgdError(f"an MLflow experiment needs the package mlflow-skinny: {installing('mlflow')}") from None
        # A new folder each time, because MLflow keeps an open connection for each path.
        with writing(results.directory), TemporaryDirectory(prefix=f".{FILE}-", dir=results.directory) as folder:
            with _without_fsync():
                _write(Path(folder) / FILE, name, results)
            with atomic_replacement(path) as temporary:
                (Path(folder) / FILE).replace(temporary)
    return path


@contextmanager
def _without_fsync() -> Iterator[None]:
    """Let SQLite not wait for the disk after each of several transactions per run. The complete file is made durable later."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def relax(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(Engine, "connect", relax)
    try:
        yield
    finally:
        event.remove(Engine, "connect", relax)


def _write(path: Path, name: str, results: Results) -> None:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    try:
        client = MlflowClient(tracking_uri=f"sqlite:///{path.absolute()}")
        known = client.get_experiment_by_name(name)  # MLflow makes the experiment "Default" itself
        place = (results.directory / "mlflow").absolute().as_uri()
        experiment = known.experiment_id if known else client.create_experiment(name, artifact_location=place)
        for run in exported_runs(results):
            _write_run(client, experiment, run)
    except MlflowException as error:
        raise SweepgdError(f"MLflow cannot write {path}: {reason(error)}") from error


def _write_run(client: Any, experiment: str, run: ExportedRun) -> None:
    from mlflow.entities import Param

    row = run.row
    tags = {key: str(row[key]) for key in ("status", "message", "config_id") if row[key]}
    made = client.create_run(experiment, _milliseconds(run.began), tags, run.name).info.run_id
    parameters, metrics = [Param(key, str(value)) for key, value in run.settings.items()], _metrics(run)
    client.log_batch(made, list(islice(metrics, MOST_VALUES - len(parameters))), parameters)
    while some := list(islice(metrics, MOST_VALUES)):
        client.log_batch(made, some)
    ended = row["finished_at"].timestamp() if row["finished_at"] else run.began
    client.set_terminated(made, "FAILED" if row["status"] in (FAILED, TIMED_OUT) else "FINISHED", _milliseconds(ended))


def _metrics(run: ExportedRun) -> Iterator[Any]:
    from mlflow.entities import Metric

    for update, seconds, numbers in run.along:
        for name, value in numbers.items():
            yield Metric(name, float(value), _milliseconds(run.began + seconds), update)
    for name, value in run.ends.items():
        yield Metric(name, float(value), _milliseconds(run.began), run.row["updates"] or 0)


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)
