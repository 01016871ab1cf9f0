"""Columns of an Arrow table as NumPy arrays and back, where NaN stands for null."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]


def floats(table: pa.Table, name: str) -> Floats:
    """A numeric column, shape (rows,), with NaN where it is null or not finite."""
    values = np.array(table[name].cast(pa.float64()).to_numpy(), dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    return values


def nullable(values: Floats) -> pa.Array:
    """A float64 Arrow array with null where `values` is NaN."""
    return pa.array(values, type=pa.float64(), from_pandas=True)


def objective(trials: pa.Table) -> Floats:
    """The first value of each row's `objectives`, which is the one minimised; NaN where there is none."""
    firsts = pc.list_slice(trials["objectives"].combine_chunks(), 0, 1)
    values = np.full(trials.num_rows, np.nan)
    values[pc.list_parent_indices(firsts).to_numpy()] = pc.list_flatten(firsts).to_numpy(zero_copy_only=False)
    values[~np.isfinite(values)] = np.nan
    return values


def has_status(trials: pa.Table, status: str) -> npt.NDArray[np.bool_]:
    """Whether each row ended with `status`, shape (rows,)."""
    return pc.equal(trials["status"], status).to_numpy().astype(bool)
