"""The minimisers of a results directory, with the data and the model of their runs."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.outcome import COMPLETED, PRUNED
from sweepgd.data import Data
from sweepgd.execution.run_options import RunOptions
from sweepgd.minimisers.landscape.run_selection import RunKey
from sweepgd.minimisers.recorded_checks import check_data, check_layout
from sweepgd.minimisers.recorded_contexts import RecordedContexts
from sweepgd.models import Architecture
from sweepgd.record import Minimum, load
from sweepgd.record.commit_results import NoProgress
from sweepgd.sweep.configuration import Configuration
from sweepgd.sweep.data_location import recorded_sweep
from sweepgd.training.sweep_context import SweepContext


class _Notes(NoProgress):
    """Progress that writes notes and ignores all other events."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def note(self, what: str) -> None:
        self._write(what)


class LandscapeContext:
    """The study whose landscapes are computed. `note` receives lines about slow steps and missing landscapes. `data_path` is
    the new path of a data file that was moved. `plugins` are the plugin files that the sweep was run with. The caller must have
    registered these files.

    Raises SweepgdError if the directory has no results, or if the data, the model or an optimizer of the study is not
    available.
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
        self._contexts = RecordedContexts(self.results, self.context)
        self.context.compile((), note)

    def options(self, workers: int | None, executor: Any) -> RunOptions:
        """Return the options for workers. Raises UsageError if `workers` and `executor` contradict each other."""
        return RunOptions(workers, executor, plugins=tuple(self.plugins), progress=_Notes(self.note))

    def of(self, run: RunKey) -> SweepContext:
        """Return the context of a run, with its data and its model."""
        return self._contexts.of(run.trial)

    def configuration(self, run: RunKey) -> Configuration:
        """Return the configuration of a run, with at least the run's settings of model and data."""
        return self._contexts.configuration(run.trial)

    def data(self, run: RunKey) -> Data:
        """Return the data that a run was trained on."""
        return self.of(run).data(run.replicate)

    def architecture(self, run: RunKey) -> Architecture:
        """Return the model of a run."""
        return self.of(run).architecture

    def row(self, run: RunKey) -> dict[str, Any]:
        """Return a run's row in the table `trials`. Raises UsageError if the run has no row."""
        trials = self.results.trials
        row = trials.filter(pc.and_(pc.equal(trials["trial"], run.trial), pc.equal(trials["replicate"], run.replicate)))
        if not row.num_rows:
            numbers = pc.min_max(trials["trial"]).as_py()
            raise UsageError(
                f"{self.directory} holds no run {run}: it has trials {numbers['min']} to {numbers['max']}"
                f" with {self.context.sweep.search.replicates} replicate(s), counted from 0"
                if trials.num_rows
                else f"{self.directory} holds no runs yet: run its sweep with sweepgd search"
            )
        return row.to_pylist()[0]

    def which(self, run: RunKey) -> str:
        """Return the kind of weights, "final" or "best", whose losses `trials` holds for a run."""
        row = self.row(run)
        return "final" if row["evaluated_at_update"] in (None, row["updates"]) else "best"

    def weights(self, *runs: RunKey) -> dict[str, object]:
        """Return the settings that say which weights of the runs are used, or {} if all weights are final."""
        which = [self.which(run) for run in runs]
        return {"weights": which} if "best" in which else {}

    def minimum(self, run: RunKey) -> Minimum:
        """Return the weights at which the losses in a run's row of `trials` were computed.

        These are the best weights if the objective is the best loss, and otherwise the final weights.

        Raises SweepgdError if the weights were not recorded, or if they belong to different data or a different model.
        """
        row = self.row(run)
        if row["status"] not in (COMPLETED, PRUNED):
            raise SweepgdError(f"run {run} has no final weights: {_ending(row['status'], row['message'])}")
        which = self.which(run)
        if not self.context.sweep.record.minima:
            where = f"trial {run.trial}, replicate {run.replicate}"
            raise SweepgdError(f"{self.directory} has no {which} minimum of {where}: its sweep has record.minima = false")
        minimum = self.results.minimum(*run, which)
        check_layout(self.of(run), f"run {run}", minimum.layout, len(minimum.parameters))
        check_data(self.of(run), f"run {run}", run.replicate, minimum.data_fingerprint)
        return minimum


def _ending(status: str, message: str) -> str:
    """Return the message of an ended run. The status comes first, unless the message already begins with the status."""
    return message if message.startswith(status) else f"{status}: {message}"
