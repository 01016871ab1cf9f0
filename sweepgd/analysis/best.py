"""The configurations with the lowest mean objective."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import floats
from sweepgd.analysis.configurations import configurations
from sweepgd.analysis.selection import by_rank


def ranked(table: pa.Table) -> pa.Table:
    """Return the configurations in the order of their mean objective, lowest first, and for equal objectives in the order of
    trials.

    Complete configurations come first. Next come configurations with only some completed replicates, because a mean over the
    completed replicates alone is too low. Pruned configurations are last, in the order of their last objective. Configurations
    without an objective are left out.
    """
    whole, objective, last = table["whole"].to_numpy(), floats(table, "objective"), floats(table, "pruned_objective")
    tier = np.where(np.isnan(objective), 2, np.where(whole, 0, 1))
    value = np.where(tier < 2, objective, last)
    order = np.lexsort((table["trial"].to_numpy(), value, tier))
    return table.take(pa.array(order[~np.isnan(value[order])]))


def best(trials: pa.Table, n: int = 10) -> pa.Table:
    """Return the `n` best rows of `configurations(trials)`, in the order of `ranked`.

    Added columns: `lowest_of`, the number of complete configurations; `objective_on_others` and `objective_on_others_se`, an
    estimate of the objective and its standard error (`selection.by_rank`). The estimate does not have the downward bias of the
    lowest of many objectives.
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
    """Return the best row of `table` for each key in `wanted`. A key that is not in `keys` gives a row of nulls.

    `table` holds configurations, (rows,), and `keys` the key of each row, (rows,).
    """
    order = ranked(table.append_column("key", keys))
    return order.take(pc.index_in(wanted, value_set=order["key"].combine_chunks()))
