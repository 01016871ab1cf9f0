"""Runs (trial and replicate) encoded as integers, for NumPy's set functions."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweepgd.core.errors import SweepgdError
from sweepgd.record import parquet_reader, parts
from sweepgd.record.log import frames
from sweepgd.record.schema import SCHEMAS
from sweepgd.record.stopping import never
from sweepgd.record.trial_record import unpack

_REPLICATES = 2**20  # the integer of a run is trial · _REPLICATES + replicate
Runs = npt.NDArray[np.int64]


def runs_of(table: pa.Table) -> Runs:
    """Return the run of each row of a table, as an integer."""
    runs: Runs = table["trial"].to_numpy() * _REPLICATES + table["replicate"].to_numpy()
    return runs


def runs_in(log: Path) -> Runs:
    """Return the runs that have rows in a log. A missing or unreadable log has no such runs."""
    try:
        return _runs_of(row for record in frames(log) for row in unpack(record).rows)
    except (FileNotFoundError, SweepgdError):
        return joined()


def has_more(log: Path, stop: Callable[[], bool] = never) -> bool:
    """Return True if a log holds runs that are missing from the parts of the log's segment.

    Return False if the file is not a log. `stop` is called after each record. When `stop` returns True, return True early.
    """
    directory, number = log.parent.parent, int(log.stem)
    logged: dict[str, list[Runs]] = {"trials": [], "minima": [], "curvature": []}
    with suppress(SweepgdError):
        for record in frames(log):
            packed = unpack(record)
            for table, rows in zip(logged, (packed.rows, packed.minima, packed.curvature), strict=True):
                logged[table].append(_runs_of(rows))
            if stop():
                return True
    for table, runs in logged.items():
        path = parts.part(directory, table, number)
        if not np.isin(joined(*runs), runs_of(parquet_reader.read(path, SCHEMAS[table], ["trial", "replicate"]))).all():
            return True
    return False


def _runs_of(rows: Iterable[Mapping[str, Any]]) -> Runs:
    return np.array([row["trial"] * _REPLICATES + row["replicate"] for row in rows], np.int64)


def joined(*several: Runs) -> Runs:
    """Return the concatenation of several arrays of runs."""
    return np.concatenate([np.empty(0, np.int64), *several])


def trials_of(runs: Runs) -> Runs:
    """Return the sorted trials of these runs, without duplicates."""
    return np.unique(runs // _REPLICATES)


def describe_runs(runs: Runs) -> str:
    """Return the name of the first run and the number of the other runs, such as "trial 3, replicate 0 and 2 more runs"."""
    trial, replicate = divmod(int(runs[0]), _REPLICATES)
    more = f" and {len(runs) - 1} more runs" if len(runs) > 1 else ""
    return f"trial {trial}, replicate {replicate}{more}"
