"""Columns that a claim may name: those of the trials table, hyperparameters, settings, measures, and `diverged`."""

import json
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import Floats, has_status
from sweepgd.analysis.claims.two_way_jackknife import Numbers
from sweepgd.analysis.runs_with_measures import catalogue_entry, measure_names, measured, run_indices
from sweepgd.core.errors import SweepgdError, nearest
from sweepgd.record import Results
from sweepgd.sweep.dotted_keys import dotted

DIVERGED = "diverged"
# Prefixes of the hyperparameters that belong to each column, such as those of an optimizer. When runs are compared by such a
# column, two configurations may also differ in these hyperparameters and still match.
OWN_SETTINGS = {
    "optimizer": "configuration.hyperparameters.",
    "schedule": "configuration.schedule_settings.",
    "batch_schedule": "configuration.batch_schedule_settings.",
}


class Columns:
    """The columns of a study's runs by name, (runs,), in the order of `trials`."""

    def __init__(self, results: Results, trials: pa.Table) -> None:
        self.trials, self._results = trials, results

    def of(self, name: str) -> list[Any]:
        """Return a column. A missing value is None, and a list is JSON text. Raises SweepgdError for an unknown name."""
        if name == DIVERGED:
            return [float(value) for value in has_status(self.trials, DIVERGED)]
        if name in self.trials.column_names:
            return self.trials[name].to_pylist()
        if name in self._hyperparameters:
            maps = self.trials["hyperparameters"].combine_chunks()
            return pc.map_lookup(maps, pa.scalar(name), "first").to_pylist()
        if name in self._settings:
            values = {text: settings.get(name) for text, settings in self._by_text.items()}
            found = {text: json.dumps(value) if isinstance(value, list) else value for text, value in values.items()}
            return [found[text or "{}"] for text in self.trials["settings"].to_pylist()]
        if name in measure_names(self._measured):
            runs = self._measured.select(["trial", "replicate"])
            return self._measured[name].take(pa.array(run_indices(runs, self.trials))).to_pylist()
        if catalogue_entry(name) is not None:  # a measure that has not been taken
            return [None] * self.trials.num_rows
        key = name.rpartition(".")[2]  # of "adam.beta1", which is its name where several optimizers are compared
        close = f"did you mean {key!r}?" if key in self._hyperparameters else nearest(name, self.names())
        raise SweepgdError(f"the results have no column {name!r}: {close}")

    def numbers(self, name: str) -> Floats:
        """Return a column as numbers, NaN for a missing value. Raises SweepgdError if the column is unknown or not numeric."""
        values = self.of(name)
        if any(value is not None and not isinstance(value, (bool, int, float)) for value in values):
            raise SweepgdError(f"the column {name!r} holds no numbers: name another column")
        found = np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)
        found[~np.isfinite(found)] = np.nan
        return found

    def matches(self, by: str) -> Numbers:
        """Return a number for each run, (runs,). Runs that differ in nothing but `by` have the same number. All numbers are 0
        if `by` is not a setting.
        """
        own = OWN_SETTINGS.get(by, "\0")
        kind, _, key = by.partition(".")
        compared = {by, *(f"configuration.{name}" for name in (by, f"hyperparameters.{by}", f"{kind}_settings.{key}"))}
        # If `by` is a measure or a result, only replicates of the same configuration have equal settings, and runs of
        # different configurations would never match. Therefore all runs count as one match.
        if not any(key in compared or key.startswith(own) for settings in self._by_text.values() for key in settings):
            return np.zeros(self.trials.num_rows, dtype=np.int64)
        known: dict[str, int] = {}
        numbers = {}
        for text, settings in self._by_text.items():
            rest = {key: value for key, value in settings.items() if key not in compared and not key.startswith(own)}
            numbers[text] = known.setdefault(json.dumps(rest, sort_keys=True), len(known))
        return np.array([numbers[text or "{}"] for text in self.trials["settings"].to_pylist()], dtype=np.int64)

    def names(self) -> list[str]:
        """Return the names of all columns."""
        return [
            *self.trials.column_names, DIVERGED, *self._hyperparameters, *sorted(self._settings), *measure_names(self._measured)
        ]  # fmt: skip

    @cached_property
    def _hyperparameters(self) -> list[str]:
        return sorted(pc.unique(self.trials["hyperparameters"].combine_chunks().keys).to_pylist())

    @cached_property
    def _by_text(self) -> dict[str, dict[str, Any]]:
        """The settings of each distinct text of the column `settings`, with dotted keys."""
        texts = pc.unique(self.trials["settings"]).to_pylist()
        return {text or "{}": dotted(json.loads(text or "{}")) for text in texts}

    @cached_property
    def _settings(self) -> set[str]:
        keys = {key for settings in self._by_text.values() for key in settings}
        return {key for key in keys if key.startswith(("data.", "model.", "budget."))}

    @cached_property
    def _measured(self) -> pa.Table:
        return measured(self.trials, self._results.curvature, self._results.curves)
