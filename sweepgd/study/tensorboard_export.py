"""Export a results directory as event files for TensorBoard."""

import shutil
from collections.abc import Iterable
from importlib.util import find_spec
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import Any

from sweepgd.core.errors import SweepgdError
from sweepgd.record import load
from sweepgd.record.atomic_files import writing

PARTS = ("train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error")
ALONG = (*PARTS, "gradient_norm", "learning_rate", "batch_size")
ENDS = (*PARTS, "generalization_gap")
SETTINGS = ("status", "data", "model", "optimizer", "schedule", "batch_schedule", "batch_size", "learning_rate", "seed")
Row = dict[str, Any]


def write_events(directory: Path | str) -> Path:
    """Write the folder `tensorboard` into a results directory, and return the path of this folder. An earlier `tensorboard` is
    replaced.

    Each run has a folder "trial-replicate" with its evaluations by update. The folder also has the run's configuration and
    final losses, for TensorBoard's page of hyperparameters. The names of these losses begin with "end/". Numbers that are not
    finite are left out. Raises SweepgdError if tensorboardX is not installed, if the directory is not a results directory, or
    if it cannot be written.
    """
    results = load(directory)
    if find_spec("tensorboardX") is None:
        raise SweepgdError("event files need the package tensorboardX: run uv sync --extra tensorboard in the clone")
    folder, unfinished = results.directory / "tensorboard", results.directory / ".tensorboard.tmp"
    curves = results.curves.select(["trial", "replicate", "update", "seconds", *ALONG]).to_pylist()
    evaluations = {run: list(rows) for run, rows in groupby(curves, _run)}
    with writing(results.directory):
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        for row in results.trials.to_pylist():
            _write_run(unfinished / "{}-{}".format(*_run(row)), row, evaluations.get(_run(row), ()))
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    return folder


def _run(row: Row) -> tuple[int, int]:
    return row["trial"], row["replicate"]


def _write_run(folder: Path, row: Row, evaluations: Iterable[Row]) -> None:
    from tensorboardX import SummaryWriter  # an extra
    from tensorboardX.summary import hparams

    began = row["started_at"].timestamp() if row["started_at"] else 0.0
    settings = {name: row[name] for name in SETTINGS if row[name] is not None} | dict(row["hyperparameters"] or ())
    ends = {f"end/{name}": value for name, value in _finite(row, ENDS).items()}
    with SummaryWriter(str(folder)) as writer:
        for summary in hparams(settings, ends):  # `add_hparams` would write a second file, with the same name
            writer.file_writer.add_summary(summary)
        for evaluation in evaluations:
            for name, value in _finite(evaluation, ALONG).items():
                writer.add_scalar(name, value, evaluation["update"], began + (evaluation["seconds"] or 0.0))
        for name, value in ends.items():
            writer.add_scalar(name, value, row["updates"], began)


def _finite(row: Row, names: Iterable[str]) -> Row:
    return {name: row[name] for name in names if row[name] is not None and isfinite(row[name])}
