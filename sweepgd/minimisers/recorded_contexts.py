"""The contexts of recorded trials, with data and models that have the settings of the trials' configurations."""

import json
from functools import cached_property

from sweepgd.record import Results
from sweepgd.sweep.configuration import Configuration
from sweepgd.training.sweep_context import SweepContext


class RecordedContexts:
    """The configurations and contexts of the recorded trials of a sweep. `shared` is the context of the sweep."""

    def __init__(self, results: Results, shared: SweepContext) -> None:
        self._results, self._shared = results, shared

    def configuration(self, trial: int) -> Configuration:
        """Return the configuration of a trial, with at least the trial's settings of model and data."""
        return self._varied.get(trial, Configuration())

    def of(self, trial: int) -> SweepContext:
        """Return the context of a trial. Raises SweepgdError if the data or the model of the trial cannot be made again."""
        return self._shared.of(self.configuration(trial))

    @cached_property
    def _varied(self) -> dict[int, Configuration]:
        sweep = self._shared.sweep
        if not (sweep.space.model or sweep.space.data or any(point.model or point.data for point in sweep.points)):
            return {}  # skip reading the settings, which takes 10 µs a trial
        trials = self._results.trials.select(["trial", "settings"])
        found = zip(trials["trial"].to_pylist(), trials["settings"].to_pylist(), strict=True)
        return {trial: recorded_configuration(settings) for trial, settings in found}


def recorded_configuration(settings: str) -> Configuration:
    """Return the configuration that is in a trial's column `settings`."""
    return Configuration(**json.loads(settings)["configuration"])
