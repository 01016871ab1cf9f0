"""Runs by name, and the ones to look at where none is named."""

from bisect import bisect
from collections.abc import Mapping
from math import log
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.outcome import COMPLETED

LEAST_LOSS = 1e-300


class RunKey(NamedTuple):
    """A replicate of a trial, written TRIAL.REPLICATE."""

    trial: int
    replicate: int = 0

    @classmethod
    def parse(cls, text: str) -> "RunKey":
        """A run from "7" or "7.1". Raises UsageError for anything else."""
        trial, dot, replicate = text.partition(".")
        if not (trial.isdecimal() and (replicate.isdecimal() or not dot)):
            raise UsageError(f"{text!r} names no run: write TRIAL or TRIAL.REPLICATE, such as 7 or 7.1")
        return cls(int(trial), int(replicate or 0))

    def __str__(self) -> str:
        return f"{self.trial}.{self.replicate}"


def best(trials: pa.Table) -> RunKey:
    """The completed run of lowest validation loss, or where none has one, train loss. Raises SweepgdError where none
    completed.
    """
    completed = trials.filter(pc.equal(trials["status"], COMPLETED))
    if not completed.num_rows:
        raise SweepgdError("no run completed, and only those that did have weights to look around: see `sweepgd analyze`")
    loss = "train_loss" if completed["validation_loss"].null_count == completed.num_rows else "validation_loss"
    keys = [(loss, "ascending"), ("trial", "ascending"), ("replicate", "ascending")]
    first = completed.sort_by(keys).select(["trial", "replicate"]).slice(0, 1).to_pylist()[0]
    return RunKey(**first)


def pair(trials: pa.Table) -> tuple[RunKey, RunKey]:
    """Of the runs of the smallest and of the largest batch size, on the same data, the two nearest in ln train loss.

    The best of each would be those that overshot a `stop_at` most, and differ in their loss too. Raises SweepgdError where no
    two completed runs have the same data and different batch sizes.
    """
    completed = trials.filter(pc.equal(trials["status"], COMPLETED))
    smallest = pc.min(completed["batch_size"]).as_py()
    runs = completed.select(["trial", "replicate", "batch_size", "data_seed", "train_loss"]).to_pylist()
    small = [row for row in runs if row["batch_size"] == smallest]
    seeds = {row["data_seed"] for row in small}
    larger = [row for row in runs if row["batch_size"] != smallest and row["data_seed"] in seeds]
    if not larger:
        raise SweepgdError(
            f"a line wants two batch sizes, and all runs completed on the same data have {smallest}: name its ends with --line"
        )
    largest = max(row["batch_size"] for row in larger)
    large = sorted((row["data_seed"], *_point(row)) for row in larger if row["batch_size"] == largest)
    nearest = []
    for row in small:
        height, run = _point(row)
        at = bisect(large, (row["data_seed"], height))
        beside = [other for other in large[max(0, at - 1) : at + 1] if other[0] == row["data_seed"]]
        nearest += [(abs(height - other), run, end) for _, other, end in beside]
    _, *ends = min(nearest)
    return ends[0], ends[1]


def _point(row: Mapping[str, Any]) -> tuple[float, RunKey]:
    """ln train loss, and the run. A loss that is 0, as where it underflows, is as low as can be."""
    return log(max(row["train_loss"], LEAST_LOSS)), RunKey(row["trial"], row["replicate"])
