"""The configurations of each optimizer and batch size, among which all other hyperparameters are tuned."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import Floats, floats
from sweepgd.analysis.binning import batch_levels
from sweepgd.analysis.groups import Groups
from sweepgd.analysis.recorded_settings import differing_settings
from sweepgd.analysis.repeats import once
from sweepgd.analysis.varied_hyperparameters import axes, combined

FIXED, DRAWN = "replicates", "configurations and replicates"
# Draws with replacement from fewer configurations say nothing about others: a draw may consist of the worst one alone.
FEWEST_DRAWN = 5


class SizeGroup(NamedTuple):
    """The configurations of one optimizer and batch size (or level of batch sizes, as in `batch_levels`).

    Configurations with different settings of the model or of the data are in different groups. `optimizer` also names these
    settings, as in "sgd (model.hidden [32])"; `rule` is only the name of the optimizer. `trials` and their `rates` have shape
    (configurations,). `over` names what an interval is over. If every batch size of the optimizer has the same rates and other
    settings, the sweep listed the configurations, and `over` is FIXED. It is also FIXED if every batch size has fewer than
    FEWEST_DRAWN configurations. Otherwise the sweep drew the configurations, and `over` is DRAWN.
    """

    optimizer: str
    rule: str
    batch_size: int
    trials: npt.NDArray[np.int64]
    rates: Floats
    over: str


def size_groups(trials: pa.Table) -> list[SizeGroup]:
    """Return the groups by optimizer and batch size, without rates of zero. A repeated configuration counts once."""
    runs = once(trials.filter(pc.and_(pc.is_valid(trials["batch_size"]), pc.greater(trials["learning_rate"], 0.0))))
    if not runs.num_rows:
        return []
    others = [codes for name, codes in axes(runs).items() if name not in ("batch_size", "learning_rate", "optimizer")]
    settings = combined(np.zeros(runs.num_rows, dtype=np.int64), *others)
    numbers = Groups(runs["trial"].to_numpy())
    first = pa.array(numbers.first)
    rules = runs["optimizer"].take(first).to_pylist()
    described = differing_settings(runs.take(first))
    texts = zip(*([f"{name} {value}" for value in values] for name, values in described.items()), strict=True)
    named = [f"{rule} ({', '.join(text)})" for rule, text in zip(rules, texts, strict=True)] if described else rules
    optimizers = np.array(named, dtype=object)
    sizes, rates = batch_levels(floats(runs, "batch_size"))[numbers.first], floats(runs, "learning_rate")[numbers.first]
    points = np.array([(rate, code) for rate, code in zip(rates, settings[numbers.first], strict=True)])
    groups = []
    for optimizer in sorted(set(optimizers), key=str):
        members = {size: np.flatnonzero((optimizers == optimizer) & (sizes == size)) for size in np.unique(sizes)}
        members = {size: rows for size, rows in members.items() if len(rows)}
        given = {tuple(sorted(map(tuple, points[rows]))) for rows in members.values()}
        over = FIXED if len(given) == 1 or max(map(len, members.values())) < FEWEST_DRAWN else DRAWN
        groups += [
            SizeGroup(optimizer, rules[rows[0]], int(size), numbers.keys[rows], rates[rows], over)
            for size, rows in members.items()
        ]
    return groups
