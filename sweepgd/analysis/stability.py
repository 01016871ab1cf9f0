"""λmax along training against 2/η, at which gradient descent ceases to be stable (Cohen et al. 2021)."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.columns import floats, nullable
from sweepgd.analysis.groups import Groups

KEYS = ["trial", "replicate", "update"]
DESCRIPTION = ("optimizer", "batch_size")
AT_CLOSEST = ("epoch", "learning_rate", "lambda_max", "threshold", "ratio")
ORDER = [("trial", "ascending"), ("replicate", "ascending"), ("update", "ascending")]


def edge_of_stability(trials: pa.Table, curves: pa.Table, curvature: pa.Table) -> pa.Table:
    """A row for each look at λmax along training, by trial, replicate, update.

    Columns: `trial`, `replicate`, `optimizer`, `batch_size`, `update`, `epoch`, and `learning_rate` (η) of the evaluation after
    that update, null where there is none; `lambda_max`; `threshold`, 2/η; `ratio`, ηλmax/2. The threshold is that of plain
    gradient descent on the full batch: heavy-ball momentum β has 2(1 + β)/η, adaptive rules that of a preconditioned one.
    """
    looks = curvature.filter(pc.and_(pc.equal(curvature["which"], "path"), pc.equal(curvature["measure"], "lambda_max")))
    # The last where one was measured again: the newer.
    looks = looks.select([*KEYS, "value"]).group_by(KEYS, use_threads=False).aggregate([("value", "last")])
    joined = looks.join(curves.select([*KEYS, "epoch", "learning_rate"]), KEYS, join_type="left outer")
    joined = joined.join(trials.select([*KEYS[:2], *DESCRIPTION]), KEYS[:2], join_type="left outer").sort_by(ORDER)
    rates, values = floats(joined, "learning_rate"), floats(joined, "value_last")
    rates[rates <= 0] = np.nan
    columns = {name: joined[name] for name in ("trial", "replicate", *DESCRIPTION, "update", "epoch")}
    columns |= {"learning_rate": nullable(rates), "lambda_max": nullable(values)}
    return pa.table(columns | {"threshold": nullable(2 / rates), "ratio": nullable(rates * values / 2)})


def stability(looks: pa.Table) -> pa.Table:
    """The looks of `edge_of_stability` summed up, a row a configuration, those that came closest to the threshold first.

    Columns: `trial`, `optimizer`, `batch_size`, `looks`; `share_beyond`, of the looks with a threshold those beyond it; and
    of the run that came closest, the look at which it did: `epoch`, `learning_rate`, `lambda_max`, `threshold`, `ratio`.
    """
    looks = looks.filter(pc.is_valid(looks["ratio"]))
    ratios = floats(looks, "ratio")
    groups = Groups(looks["trial"].to_numpy())
    order = np.lexsort((-ratios, groups.index))
    closest = order[np.flatnonzero(np.diff(groups.index[order], prepend=-1))]
    columns = {name: looks[name].take(pa.array(closest)) for name in ("trial", *DESCRIPTION, *AT_CLOSEST)}
    columns |= {"looks": pa.array(groups.size, pa.int64()), "share_beyond": nullable(groups.mean((ratios > 1).astype(float)))}
    return pa.table(columns).sort_by([("ratio", "descending"), ("trial", "ascending")])
