"""A result directory made live again: its minimisers, and the data and model that they were trained with."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.outcome import COMPLETED, PRUNED
from sweepgd.data import Data
from sweepgd.execution.run_options import RunOptions
from sweepgd.minimisers.landscape.run_selection import RunKey
from sweepgd.models import Architecture
from sweepgd.record import Minimum, load
from sweepgd.record.commit_results import NoProgress
from sweepgd.sweep.data_location import recorded_sweep
from sweepgd.training.sweep_context import SweepContext


class _Notes(NoProgress):
    """Progress of which only the notes are of interest."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def note(self, what: str) -> None:
        self._write(what)


class LandscapeContext:
    """The study of the landscapes. `note` is told of whatever takes long or cannot be had; `data_path` is where a data file
    is now that has been moved, and `plugins` are the files, registered already, that the sweep was run with.

    Raises SweepgdError where the directory holds no results, or its data, model or optimizers are not to be had here.
    """

    def __init__(
        self,
        directory: Path | str,
        note: Callable[[str], None] = lambda what: None,
        data_path: str | Path | None = None,
        plugins: Iterable[Path] = (),
    ) -> None:
        self.directory, self.note = Path(directory), note
        self.plugins = [plugin.resolve() for plugin in plugins]
        self.results = load(directory)
        self.context = SweepContext(recorded_sweep(self.results.sweep_toml, f"{directory}/sweep.toml", data_path))
        self.architecture: Architecture = self.context.architecture
        self.context.compile((), note)

    def options(self, workers: int | None, executor: Any) -> RunOptions:
        """Return where points are evaluated. Raises UsageError where that contradicts itself."""
        return RunOptions(workers, executor, plugins=tuple(self.plugins), progress=_Notes(self.note))

    def data(self, run: RunKey) -> Data:
        """The data that a run was trained on."""
        return self.context.data(run.replicate)

    def row(self, run: RunKey) -> dict[str, Any]:
        """The `trials` row of a run. Raises UsageError where there is none."""
        trials = self.results.trials
        row = trials.filter(pc.and_(pc.equal(trials["trial"], run.trial), pc.equal(trials["replicate"], run.replicate)))
        if not row.num_rows:
            numbers = pc.min_max(trials["trial"]).as_py()
            raise UsageError(
                f"{self.directory} holds no run {run}: trials {numbers['min']} to {numbers['max']} are there,"
                f" of {self.context.sweep.search.replicates} replicate(s), counted from 0"
                if trials.num_rows
                else f"{self.directory} holds no run {run}, nor any other: sweepgd search runs its sweep"
            )
        return row.to_pylist()[0]

    def which(self, run: RunKey) -> str:
        """The weights that a run's losses in `trials` are of, "final" or "best"."""
        row = self.row(run)
        return "final" if row["evaluated_at_update"] in (None, row["updates"]) else "best"

    def weights(self, *runs: RunKey) -> dict[str, object]:
        """Return the settings that name the weights of the runs; empty if all are final."""
        which = [self.which(run) for run in runs]
        return {"weights": which} if "best" in which else {}

    def minimum(self, run: RunKey) -> Minimum:
        """The weights that a run's losses in `trials` are of: final, or best where the objective is their loss.

        Raises SweepgdError where the run has none, or they do not belong to these data or this model.
        """
        row = self.row(run)
        if row["status"] not in (COMPLETED, PRUNED):
            raise SweepgdError(f"run {run} has no final weights: {_ending(row['status'], row['message'])}")
        minimum = self.results.minimum(*run, self.which(run))
        if not np.array_equal(minimum.layout, self.architecture.layout):
            raise SweepgdError(
                f"run {run} has {len(minimum.parameters)} parameters in another layout than model"
                f" {self.context.sweep.model.name!r} has here: install the version that it was trained with"
            )
        if minimum.data_fingerprint != self.data(run).fingerprint:
            raise SweepgdError(
                f"run {run} was trained on other data than {row['data']} gives now: restore them, or their package's version"
            )
        return minimum


def _ending(status: str, message: str) -> str:
    """Return the ending of a run; most messages begin with it."""
    return message if message.startswith(status) else f"{status}: {message}"
