"""The critical batch size, by two definitions: the end of perfect scaling, and the law S = S_min·(1 + B_crit/B)."""

from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from sweepgd.analysis.batch_size.resampling import estimate
from sweepgd.analysis.batch_size.scaling_fits import hyperbola, perfect_scaling_end
from sweepgd.analysis.batch_size.tuned_steps import TunedSteps

FOUND, VOID, TOO_FEW, BEYOND = "found", "void", "too few", "beyond"
ESTIMATES = ("scaling_end", "critical_size", "least_steps", "least_samples")
SCHEMA = pa.schema(
    [("optimizer", pa.string()), ("sizes", pa.int64()), ("size_from", pa.int64()), ("size_to", pa.int64())]
    + [(f"{name}{end}", pa.float64()) for name in ESTIMATES for end in ("", "_low", "_high")]
    + [("misfit", pa.float64()), ("over", pa.string()), ("verdict", pa.string()), ("message", pa.string())]
)  # fmt: skip
FEWEST_SIZES = 4


def critical_sizes(tuned: list[TunedSteps], replicates: int) -> pa.Table:
    """Return one row per optimizer, computed from the steps to target at its batch sizes.

    `sizes` is the number of batch sizes that reached the target. `size_from` and `size_to` are the smallest and the largest of
    these sizes. `scaling_end` is the batch size at which the steps exceed perfect scaling by 20 % (Zhang et al. 2024).
    `critical_size` and `least_steps` are B_crit and S_min of the law S = S_min·(1 + B_crit/B), and `least_samples` is E_min =
    S_min·B_crit (McCandlish et al. 2018). `scaling_end`, `critical_size`, `least_steps` and `least_samples` have 95 % intervals
    in `…_low` and `…_high`, and `over` names what the intervals are over. `misfit` is the root mean square of the relative
    residuals of the law.

    `verdict` is "found" if `scaling_end` and `critical_size` lie within the batch sizes that were run, and "beyond" if one of
    the two lies outside. `verdict` is "void" if a best rate is the lowest or the highest rate tried, because a rate beyond
    might need fewer steps. `verdict` is "too few" with fewer than FEWEST_SIZES sizes or without intervals. `message` has the
    reason.
    """
    rows = []
    for optimizer, members in groupby(tuned, lambda result: result.group.optimizer):
        every = list(members)
        reached = [result for result in every if np.isfinite(result.logs["steps"][0])]
        row: dict[str, Any] = {"optimizer": optimizer, "sizes": len(reached), "over": every[0].group.over}
        missed = [str(result.group.batch_size) for result in every if result not in reached]
        notes = [f"not reached at batch size {', '.join(missed)}"] if missed else []
        if len(reached) < FEWEST_SIZES:
            few = f"{len(reached)} batch sizes reached the target, but the fits need {FEWEST_SIZES}"
            rows.append(row | {"verdict": TOO_FEW, "message": few})
            continue
        sizes = np.array([float(result.group.batch_size) for result in reached])
        row |= {"size_from": int(sizes[0]), "size_to": int(sizes[-1])}
        logs = np.stack([result.logs["steps"] for result in reached], axis=-1)
        least, critical = hyperbola(sizes, logs)
        found = dict(zip(ESTIMATES, (perfect_scaling_end(sizes, logs), critical, least, least + critical), strict=True))
        for name, values in found.items():
            row |= estimate(name, values, replicates)
        if np.isfinite(critical[0]):
            residuals = logs[0] - least[0] - np.logaddexp(0, critical[0] - np.log(sizes))
            row["misfit"] = float(np.sqrt(np.mean(residuals**2)))
        verdict, reason = _verdict(row, reached)
        rows.append(row | {"verdict": verdict, "message": "; ".join([*reason, *notes]) or None})
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _verdict(row: dict[str, Any], reached: list[TunedSteps]) -> tuple[str, list[str]]:
    ends = [str(result.group.batch_size) for result in reached if result.at_end]
    if ends:
        return VOID, [f"the best rate is the lowest or highest tried at batch size {', '.join(ends)}: widen the range of rates"]
    beyond = [
        name
        for name, column in (("20 % size", "scaling_end"), ("B_crit", "critical_size"))
        if row[column] is None or not row["size_from"] <= row[column] <= row["size_to"]
    ]
    if beyond:
        return BEYOND, [f"{' and '.join(beyond)} outside the sizes that were run"]
    if row["critical_size_low"] is None or row["scaling_end_low"] is None:
        return TOO_FEW, ["no interval: too few replicates (4 are needed), or too few bootstrap draws reach the target"]
    return FOUND, []
