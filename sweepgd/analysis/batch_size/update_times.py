"""The time of an update and of an epoch by batch size, and the knee of the time of an update."""

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis.arrow_columns import Floats, floats, has_status
from sweepgd.analysis.batch_size.resampling import percentiles, resampled_quantiles
from sweepgd.analysis.batch_size.scaling_fits import hyperbola
from sweepgd.analysis.batch_size.size_groups import size_groups
from sweepgd.analysis.lowest_decile import LOWEST
from sweepgd.analysis.repeats import once

TIMES = ("seconds_per_update", "seconds_per_epoch")
FEWEST_SIZES = 4
MOST_SPREAD = 2.0
BUSY = (
    f"the machine was busy: runs of equal configuration differ by more than a factor of {MOST_SPREAD:.0f}; "
    "repeat on an idle machine"
)
SCHEMA = pa.schema(
    [("optimizer", pa.string()), ("batch_size", pa.int64()), ("runs", pa.int64())]
    + [(f"{name}{end}", pa.float64()) for name in (*TIMES, "knee") for end in ("", "_low", "_high")]
    + [("message", pa.string())]
)  # fmt: skip


def update_times(trials: pa.Table) -> pa.Table:
    """Return one row per optimizer and batch size with a completed run.

    `runs` is the number of completed runs. `seconds_per_update` and `seconds_per_epoch` are the lowest decile over these runs,
    without the time of evaluations. The time of an update has a constant part and a part that grows with the batch size. `knee`
    is the batch size at which these two parts are equal, B_knee of the fit t = t₀·(1 + B/B_knee). `knee` is the same for all
    sizes of an optimizer. `seconds_per_update`, `seconds_per_epoch` and `knee` have 95 % intervals from the percentiles of a
    bootstrap over runs. `message` says why `knee` is missing, or that it is outside the batch sizes that were run. If the
    median time of an update is more than MOST_SPREAD times the lowest decile, `message` ends with BUSY.
    """
    done = once(trials)
    done = done.filter(pa.array(has_status(done, "completed") & ~np.isnan(floats(done, TIMES[0]))))
    numbers, times = done["trial"].to_numpy(), {name: floats(done, name) for name in TIMES}
    rows: list[dict[str, Any]] = []
    for optimizer, groups in groupby(size_groups(trials), lambda group: group.optimizer):
        of_optimizer, updates = [], []
        for group in groups:
            members = np.isin(numbers, group.trials)
            if not members.any():
                continue
            lowest = {name: resampled_quantiles(values[members], LOWEST) for name, values in times.items()}
            updates.append((group.batch_size, lowest[TIMES[0]]))
            busy = np.median(times[TIMES[0]][members]) > MOST_SPREAD * lowest[TIMES[0]][0]
            row = {"optimizer": optimizer, "batch_size": group.batch_size, "runs": int(members.sum())}
            row |= percentiles(TIMES[0], lowest[TIMES[0]]) | percentiles(TIMES[1], lowest[TIMES[1]])
            of_optimizer.append((row, [BUSY] if busy else []))
        knee = {"message": None} | _knee(updates)
        for row, notes in of_optimizer:
            said = [*([knee["message"]] if knee["message"] else []), *notes]
            rows.append(row | knee | {"message": "; ".join(said) or None})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def has_knee(row: Mapping[str, Any]) -> bool:
    """Return whether a row of `update_times` has a knee that is within the batch sizes that were run."""
    return row["knee"] is not None and row["message"] in (None, BUSY)


def busy_notes(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return BUSY if a row of `update_times` has it, or else an empty list."""
    return [BUSY] if any(row["message"] and row["message"].endswith(BUSY) for row in rows) else []


def _knee(updates: list[tuple[int, Floats]]) -> dict[str, Any]:
    sizes = np.array([float(size) for size, _ in updates])
    if len(sizes) < FEWEST_SIZES:
        return {"message": f"the knee needs {FEWEST_SIZES} batch sizes"}
    draws = min(len(times) for _, times in updates)
    logs = np.log(np.stack([times[:draws] for _, times in updates], axis=-1))
    # In terms of 1/B, t₀·(1 + B/B_knee) has the form of the law that `hyperbola` fits.
    _, inverse = hyperbola(1 / sizes, logs)
    found = percentiles("knee", np.exp(-inverse))
    if found["knee"] is None or not sizes[0] <= found["knee"] <= sizes[-1]:
        return found | {"message": "the knee is outside the sizes that were run"}
    return found
