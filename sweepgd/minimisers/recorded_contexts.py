"""The context of each recorded trial: the data and the model with the settings of its configuration."""

import json
from functools import cached_property

from sweepgd.record import Results
from sweepgd.sweep.configuration import Configuration
from sweepgd.training.sweep_context import SweepContext


class RecordedContexts:
    """The configurations and contexts of the recorded trials of a sweep with the context `shared`."""

    def __init__(self, results: Results, shared: SweepContext) -> None:
        self._results, self._shared = results, shared

    def configuration(self, trial: int) -> Configuration:
        """Return the configuration of a trial, with its settings of model and data at least."""
        return self._varied.get(trial, Configuration())

    def of(self, trial: int) -> SweepContext:
        """Return the context of a trial. Raises SweepgdError if its data or its model cannot be made again."""
        return self._shared.of(self.configuration(trial))

    @cached_property
    def _varied(self) -> dict[int, Configuration]:
        sweep = self._shared.sweep
        if not (sweep.space.model or sweep.space.data or any(point.model or point.data for point in sweep.points)):
            return {}  # reading all settings takes 10 µs a trial
        trials = self._results.trials.select(["trial", "settings"])
        found = zip(trials["trial"].to_pylist(), trials["settings"].to_pylist(), strict=True)
        return {trial: recorded_configuration(settings) for trial, settings in found}


def recorded_configuration(settings: str) -> Configuration:
    """Return the configuration in the column `settings` of a trial."""
    return Configuration(**json.loads(settings)["configuration"])
