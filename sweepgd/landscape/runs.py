"""Runs by name, and the ones to look at where none is named."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.outcome import COMPLETED
from sweepgd.problem import Problem, UsageProblem


class Run(NamedTuple):
    """A replicate of a trial, written TRIAL.REPLICATE."""

    trial: int
    replicate: int = 0

    @classmethod
    def parse(cls, text: str) -> "Run":
        """A run from "7" or "7.1". Raises UsageProblem for anything else."""
        trial, dot, replicate = text.partition(".")
        if not (trial.isdecimal() and (replicate.isdecimal() or not dot)):
            raise UsageProblem(f"{text!r} names no run: write TRIAL or TRIAL.REPLICATE, such as 7 or 7.1")
        return cls(int(trial), int(replicate or 0))

    def __str__(self) -> str:
        return f"{self.trial}.{self.replicate}"


def best(trials: pa.Table) -> Run:
    """The completed run of lowest validation loss, or where none has one, train loss. Raises Problem where none completed."""
    completed = trials.filter(pc.equal(trials["status"], COMPLETED))
    if not completed.num_rows:
        raise Problem("no run completed, and only those that did have weights to look around: see `sweepgd analyze`")
    loss = "train_loss" if completed["validation_loss"].null_count == completed.num_rows else "validation_loss"
    keys = [(loss, "ascending"), ("trial", "ascending"), ("replicate", "ascending")]
    first = completed.sort_by(keys).select(["trial", "replicate"]).slice(0, 1).to_pylist()[0]
    return Run(**first)


def pair(trials: pa.Table) -> tuple[Run, Run]:
    """The best run of the smallest batch size, and that of the largest among those trained on the same data.

    Raises Problem where no two completed runs have the same data and different batch sizes.
    """
    completed = trials.filter(pc.equal(trials["status"], COMPLETED))
    small = best(completed.filter(pc.equal(completed["batch_size"], pc.min(completed["batch_size"]))))
    is_small = pc.and_(pc.equal(completed["trial"], small.trial), pc.equal(completed["replicate"], small.replicate))
    row = completed.filter(is_small).select(["batch_size", "data_seed"]).to_pylist()[0]
    others = pc.and_(pc.greater(completed["batch_size"], row["batch_size"]), pc.equal(completed["data_seed"], row["data_seed"]))
    larger = completed.filter(others)
    if not larger.num_rows:
        raise Problem(
            f"a line wants two batch sizes, and all runs completed on the same data have {row['batch_size']}:"
            " name its ends with --line"
        )
    return small, best(larger.filter(pc.equal(larger["batch_size"], pc.max(larger["batch_size"]))))
