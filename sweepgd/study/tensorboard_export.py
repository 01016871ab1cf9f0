"""Export a results directory as event files for TensorBoard."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from sweepgd.core.errors import SweepgdError, installing
from sweepgd.record import load
from sweepgd.record.atomic_files import writing
from sweepgd.study.exported_runs import ExportedRun, exported_runs


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
        raise SweepgdError(f"event files need the package tensorboardX: {installing('tensorboard')}")
    folder, unfinished = results.directory / "tensorboard", results.directory / ".tensorboard.tmp"
    with writing(results.directory):
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        for run in exported_runs(results):
            _write_run(unfinished / run.name, run)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
    return folder


def _write_run(folder: Path, run: ExportedRun) -> None:
    from tensorboardX import SummaryWriter  # an extra
    from tensorboardX.summary import hparams

    with SummaryWriter(str(folder)) as writer:
        # `add_hparams` would write a second file, with the same name
        for summary in hparams({"status": run.row["status"], **run.settings}, run.ends):
            writer.file_writer.add_summary(summary)
        for update, seconds, numbers in run.along:
            for name, value in numbers.items():
                writer.add_scalar(name, value, update, run.began + seconds)
        for name, value in run.ends.items():
            writer.add_scalar(name, value, run.row["updates"], run.began)
