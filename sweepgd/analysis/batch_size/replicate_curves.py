"""The curves of a configuration's replicates at the same updates."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import Floats, floats, has_status
from sweepgd.analysis.repeats import once

KEYS = ("trial", "replicate", "update")
COSTS = ("update", "samples", "seconds", "epoch")


class ReplicateCurves(NamedTuple):
    """The evaluations of one configuration.

    `costs` holds `update`, `samples`, `seconds` and `epoch` of each evaluation, (evaluations,), as means over the replicates
    that did not end early. `values` holds the requested columns, (replicates, evaluations). A run that ended early keeps its
    last value. `completed` is a mask of the completed replicates, (replicates,). The values of replicates that did not complete
    are NaN.
    """

    trial: int
    costs: dict[str, Floats]
    values: dict[str, Floats]
    completed: npt.NDArray[np.bool_]


def replicate_curves(trials: pa.Table, curves: pa.Table, columns: Sequence[str]) -> Iterator[ReplicateCurves]:
    """Yield the curves of each configuration that has a completed replicate, by trial number.

    The curves are at the updates of the replicate with the most updates. The curves of the other replicates are interpolated at
    these updates.
    """
    runs = once(trials)
    count = replicates_of(trials)
    done = runs.filter(pa.array(has_status(runs, "completed")))
    kept = curves.filter(pc.is_in(curves["trial"], value_set=pc.unique(done["trial"])))
    kept = kept.sort_by([(name, "ascending") for name in KEYS])
    finished = set(zip(done["trial"].to_pylist(), done["replicate"].to_pylist(), strict=True))
    trial_numbers, replicates = kept["trial"].to_numpy(), kept["replicate"].to_numpy()
    values = {name: floats(kept, name) for name in dict.fromkeys((*COSTS, *columns))}
    starts = np.flatnonzero((np.diff(trial_numbers, prepend=-1) != 0) | (np.diff(replicates, prepend=-1) != 0))
    bounds = np.append(starts, len(trial_numbers))
    of_trial: dict[int, dict[int, slice]] = {}
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        key = (int(trial_numbers[start]), int(replicates[start]))
        if key in finished:
            of_trial.setdefault(key[0], {})[key[1]] = slice(start, stop)
    for trial, parts in of_trial.items():
        longest = max(parts.values(), key=lambda part: (values["update"][part.stop - 1], part.stop - part.start))
        updates = values["update"][longest]
        at = {name: _at(updates, values["update"], values[name], parts, count) for name in values}
        completed = np.isin(np.arange(count), list(parts))
        last = {replicate: values["update"][part.stop - 1] for replicate, part in parts.items()}
        whole = [replicate for replicate, update in last.items() if update == max(last.values())]
        costs = {name: at[name][whole].mean(axis=0) for name in COSTS}
        yield ReplicateCurves(trial, costs, {name: at[name] for name in columns}, completed)


def replicates_of(trials: pa.Table) -> int:
    """Return the number of replicates of each configuration of a study."""
    return int(pc.max(trials["replicate"]).as_py()) + 1 if trials.num_rows else 0


def _at(updates: Floats, recorded: Floats, values: Floats, parts: dict[int, slice], count: int) -> Floats:
    result = np.full((count, len(updates)), np.nan)
    for replicate, part in parts.items():
        result[replicate] = np.interp(updates, recorded[part], values[part])
    return result
