"""Which configurations did best."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.columns import floats
from sweepgd.analysis.configurations import configurations


def ranked(table: pa.Table) -> pa.Table:
    """Configurations by mean objective, lowest first, ties by trial number; those without one are left out.

    A configuration of which any replicate diverged stands behind every one of which none did: the mean over its
    survivors flatters it.
    """
    objective = floats(table, "objective")
    order = np.lexsort((table["trial"].to_numpy(), objective, floats(table, "share_diverged") > 0))
    return table.take(pa.array(order[~np.isnan(objective[order])]))


def best(trials: pa.Table, n: int = 10) -> pa.Table:
    """The `n` best rows of `configurations(trials)`, best first."""
    return ranked(configurations(trials)).slice(0, n)


def best_of_each(table: pa.Table, keys: pa.Array, wanted: pa.Array) -> pa.Table:
    """For each `wanted` key the best row of the configurations `table`, whose rows have `keys`; all null where none."""
    order = ranked(table.append_column("key", keys))
    return order.take(pc.index_in(wanted, value_set=order["key"].combine_chunks()))
