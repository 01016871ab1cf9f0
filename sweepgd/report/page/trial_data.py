"""The trials of a study as columns for the script of the page, which shows them as a table, as lines and one by one."""

import json
from collections.abc import Sequence
from itertools import pairwise
from math import isnan
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis import configurations, ranked
from sweepgd.analysis.arrow_columns import floats
from sweepgd.analysis.endings import CUT_SHORT
from sweepgd.analysis.objective_name import objective_name
from sweepgd.analysis.varied_hyperparameters import values_of_axes
from sweepgd.core.errors import printable
from sweepgd.record import Results
from sweepgd.report.column_titles import column_title

# Of more trials, the best and an even sample of the others are shown. With more, the page would be slow to open and to sort.
MOST_TRIALS, MOST_BEST = 10_000, 2_000
MOST_CURVES, MOST_POINTS = 400, 60
DIGITS, CURVE_DIGITS = 5, 4
FIRST = ("optimizer", "schedule", "batch_size", "learning_rate")
RESULTS = (
    *("objective", "train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error"),
    *("generalization_gap", "updates", "epochs", "evaluated_at_update", "steps_to_goal", "train_seconds"),
)
TITLES = {
    "generalization_gap": "gap",
    "train_seconds": "seconds",
    "evaluated_at_update": "best at update",
    "steps_to_goal": "updates to goal",
}


def trial_data(results: Results) -> dict[str, Any]:
    """Return the trials as columns, and the loss curves of some of them, as values for JSON.

    Keys: `columns`, each with `name`, `title`, `values` (numbers with DIGITS significant digits or null, errors in percent, or
    indices into `levels`) and, for texts, `levels`; `axes`, the names of the hyperparameters that the study varied; `trials`,
    the number of trials in the record; `curves` by trial, with lists `update`, `train_loss` and `validation_loss` of the first
    replicate. The best trials come first. A trial that repeats a configuration is left out.
    """
    every = configurations(results.trials)
    shown = every.take(pa.array(_chosen(every)))
    axes = {printable(name): values for name, values in values_of_axes(shown).items()}
    columns = [_numbers("trial", shown["trial"].to_pylist())]
    columns.append(text_column("status", _statuses(shown)))
    columns += [_column(name, axes[name] if name in axes else shown[name].to_pylist()) for name in FIRST]
    columns += [_column(name, values) for name, values in axes.items() if name not in FIRST]
    percent = {"objective"} if objective_name(results.trials).endswith("error") else set()
    percent |= {name for name in RESULTS if name.endswith("_error")}
    for name in (name for name in RESULTS if shown[name].null_count < shown.num_rows):
        values = floats(shown, name) * (100.0 if name in percent else 1.0)
        columns.append(_numbers(name, _rounded(values, DIGITS)) | ({"title": f"{_title(name)} (%)"} if name in percent else {}))
    columns.append(text_column("message", _messages(results.trials, shown)))
    return {
        "columns": columns,
        "axes": list(axes),
        "trials": every.num_rows,
        "curves": _curves(results.curves, shown["trial"].to_numpy()),
    }


def _chosen(every: pa.Table) -> npt.NDArray[np.int64]:
    """Return the rows to show, (rows,): in the order of `ranked`, then the rows without an objective."""
    best = pc.index_in(ranked(every)["trial"], value_set=every["trial"].combine_chunks()).to_numpy()
    order = np.concatenate([best, np.setdiff1d(np.arange(every.num_rows), best)])
    return order[_evenly(len(order), MOST_TRIALS, MOST_BEST)]


def _evenly(count: int, most: int, first: int) -> npt.NDArray[np.int64]:
    """Return the numbers of `most` rows of `count`: the `first` rows, and rows evenly spaced among the others."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.concatenate([np.arange(first), np.linspace(first, count - 1, most - first).round().astype(np.int64)]))


def _statuses(shown: pa.Table) -> list[str]:
    """Return, for each trial, "completed", or the number of replicates that ended otherwise, such as "1 of 3 diverged"."""
    replicates = shown["replicates"].to_pylist()
    shares = {name: shown[f"share_{name}"].to_pylist() for name in CUT_SHORT}
    statuses = []
    for index, count in enumerate(replicates):
        ended = [(round(share[index] * count), name.replace("_", " ")) for name, share in shares.items() if share[index]]
        statuses.append(", ".join(name if number == count else f"{number} of {count} {name}" for number, name in ended))
    return [status or "completed" for status in statuses]


def _messages(trials: pa.Table, shown: pa.Table) -> list[str]:
    """Return, for each shown trial, the first message of its runs that did not complete, or ""."""
    cut_short = trials.filter(pc.and_(pc.not_equal(trials["status"], "completed"), pc.is_valid(trials["message"])))
    first: dict[int, str] = {}
    for trial, message in zip(cut_short["trial"].to_pylist(), cut_short["message"].to_pylist(), strict=True):
        first.setdefault(trial, message)
    return [first.get(trial, "") for trial in shown["trial"].to_pylist()]


def _curves(curves: pa.Table, shown: npt.NDArray[np.int64]) -> dict[str, dict[str, list[Any]]]:
    wanted = shown[_evenly(len(shown), MOST_CURVES, MOST_CURVES // 2)]
    kept = curves.filter(pc.is_in(curves["trial"], value_set=pa.array(wanted)))
    kept = kept.sort_by([(name, "ascending") for name in ("trial", "replicate", "update")])
    trials, replicates = kept["trial"].to_numpy(), kept["replicate"].to_numpy()
    columns = {name: _rounded(floats(kept, name), CURVE_DIGITS) for name in ("train_loss", "validation_loss")}
    columns = {name: values for name, values in columns.items() if any(value is not None for value in values)}
    updates = kept["update"].to_pylist()
    found = {}
    bounds = [*np.flatnonzero(np.diff(trials, prepend=-1) != 0).tolist(), len(trials)]
    for start, stop in pairwise(bounds):
        stop = start + int(np.count_nonzero(replicates[start:stop] == replicates[start]))
        rows = [start + row for row in _evenly(stop - start, MOST_POINTS, 1).tolist()]
        found[str(trials[start])] = {
            name: [values[row] for row in rows] for name, values in {"update": updates, **columns}.items()
        }
    return found


def _column(name: str, values: list[Any]) -> dict[str, Any]:
    known = [value for value in values if value is not None]
    if all(isinstance(value, (int, float)) for value in known):
        return _numbers(name, _rounded(np.array(values, dtype=np.float64), DIGITS))
    return text_column(name, [value if value is None or isinstance(value, str) else json.dumps(value) for value in values])


def _numbers(name: str, values: list[Any]) -> dict[str, Any]:
    return {"name": name, "title": _title(name), "values": values}


def text_column(name: str, values: Sequence[str | None]) -> dict[str, Any]:
    """Return a column of texts, as in `trial_data`."""
    number: dict[str, int] = {}
    numbers = [number.setdefault(value or "", len(number)) for value in values]
    return {"name": name, "title": _title(name), "levels": [printable(level) for level in number], "values": numbers}


def _title(name: str) -> str:
    return TITLES.get(name, column_title(name))


def _rounded(values: npt.NDArray[np.float64], digits: int) -> list[int | float | None]:
    """Return values with this number of significant digits. Whole numbers are integers, and NaN is None."""
    return [None if isnan(value) else float(f"{value:.{digits}g}") if value % 1 else int(value) for value in values.tolist()]
