"""λmax along training against 2/η, at which gradient descent ceases to be stable (Cohen et al. 2021)."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.columns import floats, nullable

ORDER = [("trial", "ascending"), ("replicate", "ascending"), ("update", "ascending")]


def edge_of_stability(curves: pa.Table, curvature: pa.Table) -> pa.Table:
    """A row for each look at λmax along training, by trial, replicate, update.

    Columns: `trial`, `replicate`, `update`, `epoch`, `learning_rate` (η) of the evaluation after the same update, null where
    there is none; `lambda_max`; `threshold`, 2/η; `ratio`, ηλmax/2. The threshold is that of plain gradient descent on the full
    batch: heavy-ball momentum β has 2(1 + β)/η, adaptive rules one of their preconditioned Hessian.
    """
    looks = curvature.filter(pc.and_(pc.equal(curvature["which"], "path"), pc.equal(curvature["measure"], "lambda_max")))
    keys = ["trial", "replicate", "update"]
    # The last where one was measured again: the newer.
    looks = looks.select([*keys, "value"]).group_by(keys, use_threads=False).aggregate([("value", "last")])
    points = curves.select([*keys, "epoch", "learning_rate"])
    joined = looks.join(points, keys, join_type="left outer").sort_by(ORDER)
    rates, values = floats(joined, "learning_rate"), floats(joined, "value_last")
    rates[rates <= 0] = np.nan
    columns = {name: joined[name] for name in (*keys, "epoch")}
    columns |= {"learning_rate": nullable(rates), "lambda_max": nullable(values)}
    return pa.table(columns | {"threshold": nullable(2 / rates), "ratio": nullable(rates * values / 2)})
