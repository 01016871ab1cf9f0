"""Conversion of Arrow columns to NumPy arrays and back, with NaN for null."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]


def floats(table: pa.Table, name: str) -> Floats:
    """Return a numeric column, (rows,), with NaN for null and for values that are not finite."""
    values = np.array(table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def nullable(values: Floats) -> pa.Array:
    """Return a float64 Arrow array with null for NaN."""
    return pa.array(values, type=pa.float64(), from_pandas=True)


def objective(trials: pa.Table) -> Floats:
    """Return the objective that ranks configurations, (rows,): the first of the row's `objectives`, or NaN if it has none."""
    firsts = pc.list_slice(trials["objectives"].combine_chunks(), 0, 1)
    values = np.full(trials.num_rows, np.nan)
    values[pc.list_parent_indices(firsts).to_numpy()] = pc.list_flatten(firsts).to_numpy(zero_copy_only=False)
    values[~np.isfinite(values)] = np.nan
    return values


def has_status(trials: pa.Table, status: str) -> npt.NDArray[np.bool_]:
    """Return a mask of the rows that ended with `status`, (rows,)."""
    return pc.equal(trials["status"], status).to_numpy().astype(bool)
