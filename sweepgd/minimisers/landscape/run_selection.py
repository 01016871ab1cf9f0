"""Select a run by name, the best run, or a pair of runs with different batch sizes."""

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
        """Return the run written as "7" or "7.1". Raises UsageError for anything else."""
        trial, dot, replicate = text.partition(".")
        if not (trial.isdecimal() and (replicate.isdecimal() or not dot)):
            raise UsageError(f"{text!r} is not the name of a run: write TRIAL or TRIAL.REPLICATE, such as 7 or 7.1")
        return cls(int(trial), int(replicate or 0))

    def __str__(self) -> str:
        return f"{self.trial}.{self.replicate}"


def best(trials: pa.Table) -> RunKey:
    """Return the completed run with the lowest validation loss, or with the lowest train loss if there are no validation
    losses.

    Raises SweepgdError if no run completed.
    """
    completed = trials.filter(pc.equal(trials["status"], COMPLETED))
    if not completed.num_rows:
        raise SweepgdError(
            "no run completed, and a landscape needs the final weights of a completed run: see `sweepgd analyze`"
        )
    loss = "train_loss" if completed["validation_loss"].null_count == completed.num_rows else "validation_loss"
    keys = [(loss, "ascending"), ("trial", "ascending"), ("replicate", "ascending")]
    first = completed.sort_by(keys).select(["trial", "replicate"]).slice(0, 1).to_pylist()[0]
    return RunKey(**first)


def pair(trials: pa.Table) -> tuple[RunKey, RunKey]:
    """Return a run of the smallest and a run of the largest batch size, with the same data and model. Among such pairs, the
    pair with the nearest ln train losses is chosen.

    The best run of each size would not be comparable with the other. If `stop_at` ends the runs, the best run of a size is the
    run that happens to end furthest below `stop_at`, so that the best runs of two sizes have different losses. Raises
    SweepgdError if no two completed runs have the same data and model but different batch sizes.
    """
    completed = trials.filter(pc.equal(trials["status"], COMPLETED))
    smallest = pc.min(completed["batch_size"]).as_py()
    names = ["trial", "replicate", "batch_size", "data_seed", "train_loss"]
    settings = ["model_settings", "data_settings"]
    if not completed["data_settings"].null_count:  # older versions do not record these settings, which do not vary there
        names += settings
    runs = completed.select(names).to_pylist()
    numbers: dict[tuple[Any, ...], int] = {}
    for row in runs:  # `alike` is a number that is equal for runs with the same data and model
        alike = (row["data_seed"], *(row.get(name) for name in settings))
        row["alike"] = numbers.setdefault(alike, len(numbers))
    small = [row for row in runs if row["batch_size"] == smallest]
    groups = {row["alike"] for row in small}
    larger = [row for row in runs if row["batch_size"] != smallest and row["alike"] in groups]
    if not larger:
        raise SweepgdError(
            f"a line needs two batch sizes, but all completed runs on the same data have {smallest}: name two runs with --line"
        )
    largest = max(row["batch_size"] for row in larger)
    large = sorted((row["alike"], *_loss_and_run(row)) for row in larger if row["batch_size"] == largest)
    nearest = []
    for row in small:
        loss, run = _loss_and_run(row)
        index = bisect(large, (row["alike"], loss))
        neighbours = [other for other in large[max(0, index - 1) : index + 1] if other[0] == row["alike"]]
        nearest += [(abs(loss - other), run, end) for _, other, end in neighbours]
    _, *ends = min(nearest)
    return ends[0], ends[1]


def _loss_and_run(row: Mapping[str, Any]) -> tuple[float, RunKey]:
    """Return the ln train loss and the name of a run. A loss of 0, for example after underflow, counts as LEAST_LOSS."""
    return log(max(row["train_loss"], LEAST_LOSS)), RunKey(row["trial"], row["replicate"])
