"""Which configurations did best."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.columns import floats
from sweepgd.analysis.configurations import configurations
from sweepgd.analysis.selection import by_rank


def ranked(table: pa.Table) -> pa.Table:
    """Return the configurations by mean objective, lowest first, ties by trial number.

    Whole configurations come first. Behind them stand those of which only some replicates completed, since a mean over
    survivors flatters; behind these, by their last objective, those that were pruned. The rest is left out.
    """
    whole, objective, last = table["whole"].to_numpy(), floats(table, "objective"), floats(table, "pruned_objective")
    tier = np.where(np.isnan(objective), 2, np.where(whole, 0, 1))
    value = np.where(tier < 2, objective, last)
    order = np.lexsort((table["trial"].to_numpy(), value, tier))
    return table.take(pa.array(order[~np.isnan(value[order])]))


def best(trials: pa.Table, n: int = 10) -> pa.Table:
    """The `n` best rows of `configurations(trials)`, best first, in the order of `ranked`.

    Two kinds of columns are added. `lowest_of` is the number of whole configurations: as a minimum of so many, the best
    objective is too low. `objective_on_others` and `objective_on_others_se` are free of that (`selection.by_rank`).
    """
    every = configurations(trials)
    table, whole = ranked(every).slice(0, n), every.filter(every["whole"])
    mean, error = by_rank(trials, whole, table.num_rows)
    columns = {"lowest_of": pa.array(np.full(table.num_rows, whole.num_rows), pa.int64())}
    columns |= {"objective_on_others": mean, "objective_on_others_se": error}
    for name, values in columns.items():
        table = table.append_column(name, values)
    return table


def best_of_each(table: pa.Table, keys: pa.Array, wanted: pa.Array) -> pa.Table:
    """For each `wanted` key the best row of the configurations `table`, whose rows have `keys`; all null where none."""
    order = ranked(table.append_column("key", keys))
    return order.take(pc.index_in(wanted, value_set=order["key"].combine_chunks()))
