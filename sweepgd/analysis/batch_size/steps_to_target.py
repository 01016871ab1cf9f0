"""The table of steps, samples and seconds to a target by batch size, beside perfect scaling (Shallue et al. 2019)."""

from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis.batch_size.resampling import estimate, plain
from sweepgd.analysis.batch_size.target_level import Target
from sweepgd.analysis.batch_size.tuned_steps import COSTS, TunedSteps

SCHEMA = pa.schema(
    [("optimizer", pa.string()), ("batch_size", pa.int64()), ("target", pa.string()), ("level", pa.float64())]
    + [(name, pa.int64()) for name in ("configurations", "left_out", "best_trial")]
    + [("learning_rate", pa.float64()), ("at_end", pa.bool_())]
    + [(f"{name}{end}", pa.float64()) for name in (*COSTS, "slope") for end in ("", "_low", "_high")]
    + [(name, pa.float64()) for name in ("perfect_steps", "lowest_steps")]
    + [("over", pa.string()), ("message", pa.string())]
)  # fmt: skip
AT_END = "the best rate is the lowest or highest tried"


def steps_to_target(tuned: list[TunedSteps], target: Target, replicates: int) -> pa.Table:
    """Return one row per optimizer and batch size, sorted by optimizer and then by batch size.

    `target` is a column of `curves`, and `level` is the value to reach. `configurations` is the number of configurations.
    `left_out` is the number of configurations with a replicate that did not complete. `best_trial` and `learning_rate` belong
    to the configuration with the fewest steps on all replicates. `at_end` is true if this rate, or the rate of a configuration
    that half of the replicates chose, is the lowest or the highest tried.

    `steps`, `samples` and `seconds` belong to the configuration that half of the replicates chose, judged on the other half.
    `steps`, `samples` and `seconds` have 95 % intervals in `…_low` and `…_high`, and `over` names what the intervals are over.
    `slope` is d log steps / d log size between the next smaller size and this size: −1 if scaling is perfect, 0 if more samples
    per update save no steps. `perfect_steps` is the number of steps with which this size would take the same number of samples
    as the smallest size. `lowest_steps` is the plain minimum on all replicates, which is biased low. `message` has remarks.
    """
    rows: list[dict[str, Any]] = []
    previous: TunedSteps | None = None
    smallest: float | None = None
    for result in tuned:
        group = result.group
        if previous is None or previous.group.optimizer != group.optimizer:
            previous, smallest = None, None
        row: dict[str, Any] = {"optimizer": group.optimizer, "batch_size": group.batch_size}
        row |= {"target": target.column, "level": target.level, "configurations": len(group.trials)}
        row["left_out"] = result.left_out
        row |= {"lowest_steps": result.lowest, "best_trial": result.best, "at_end": result.at_end, "over": group.over}
        row["message"] = AT_END if result.at_end else None
        if result.best is None:
            rows.append(row | {"message": "not reached"})
            continue
        row["learning_rate"] = float(group.rates[group.trials == result.best][0])
        for name, logs in result.logs.items():
            row |= estimate(name, logs, replicates)
        if row["steps"] is None:
            row["message"] = "not reached by the configuration that the other replicates chose"
        if previous is not None:
            doublings = np.log(group.batch_size / previous.group.batch_size)
            row |= plain("slope", (result.logs["steps"] - previous.logs["steps"]) / doublings, replicates)
        if row["samples"] is not None:
            smallest = smallest or row["samples"]
            row["perfect_steps"] = smallest / group.batch_size
            previous = result
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=SCHEMA)
