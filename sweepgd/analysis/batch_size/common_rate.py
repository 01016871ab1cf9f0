"""The learning rate at which most batch sizes completed, and the configuration of each size at this rate."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.configurations import configurations
from sweepgd.analysis.factors import levels


class CommonRate(NamedTuple):
    """A learning rate, and the best trial of each batch size at this rate, by ascending size."""

    rate: float
    trials: dict[int, int]


def common_rate(trials: pa.Table) -> CommonRate | None:
    """Return the learning rate that the largest number of batch sizes share.

    At this rate, each of them has a configuration whose replicates all completed, with a recorded error. If several rates have
    the same number of batch sizes, the one with the lowest validation error is returned (the lowest train error if there are no
    validation rows), averaged over batch sizes. Returns None if only one rate completed, or if no rate completed at two batch
    sizes.
    """
    every = configurations(trials)
    every = every.append_column("error", pc.coalesce(every["validation_error"], every["train_error"]))
    every = every.filter(every["whole"])
    for name in ("batch_size", "learning_rate", "error"):
        every = every.filter(pc.is_valid(every[name]))
    rows = every.select(["trial", "learning_rate", "objective", "error"]).to_pylist()
    best: dict[float, dict[int, tuple[float, int, float]]] = {}
    for size, row in zip(levels(every, "batch_size").to_pylist(), rows, strict=True):
        sizes = best.setdefault(row["learning_rate"], {})
        found = (row["objective"], row["trial"], row["error"])
        sizes[size] = min(found, sizes.get(size, found))
    if len(best) < 2:
        return None

    def preference(rate: float) -> tuple[int, float]:
        errors = [error for _, _, error in best[rate].values()]
        return -len(errors), sum(errors) / len(errors)

    rate = min(best, key=preference)
    return CommonRate(rate, {size: best[rate][size][1] for size in sorted(best[rate])}) if len(best[rate]) > 1 else None
