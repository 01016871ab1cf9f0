"""Landscapes as tables, and as immutable Parquet files whose names depend on the settings."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweepgd.minimisers.landscape.run_selection import RunKey
from sweepgd.record import parquet_reader
from sweepgd.record.atomic_files import writing
from sweepgd.record.checksums import sealed
from sweepgd.record.schema import footer

_REALS = ("train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error")

# `kind` is line, surface, or path (the optimizer's path on the surface). `other_…` is the run at α = 1 of a line. A loss is
# null if it exceeds the floating-point range, or if it was not evaluated on this part of the data. `settings` is JSON.
LANDSCAPES = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("trial", pa.int64(), nullable=False),
        pa.field("replicate", pa.int64(), nullable=False),
        *(pa.field(name, pa.int64()) for name in ("other_trial", "other_replicate")),
        *(pa.field(name, pa.float64()) for name in ("alpha", "beta", *_REALS)),
        pa.field("update", pa.int64()),
        pa.field("settings", pa.string()),
    ]
)


def table_of(
    kind: str,
    run: RunKey,
    columns: Mapping[str, Sequence[Any] | npt.NDArray[np.float64]],
    settings: Mapping[str, Any],
    other: RunKey | None = None,
) -> pa.Table:
    """Return the points of one landscape as a table with the columns of LANDSCAPES. Missing columns and values that are not
    finite are null.
    """
    count = len(columns["alpha"])
    constant = {"kind": kind, "trial": run.trial, "replicate": run.replicate, "settings": json.dumps(settings, sort_keys=True)}
    if other is not None:
        constant |= {"other_trial": other.trial, "other_replicate": other.replicate}
    filled = {name: [value] * count for name, value in constant.items()}
    filled |= {name: [x if x is not None and isfinite(x) else None for x in values] for name, values in columns.items()}
    return pa.table({name: filled.get(name, [None] * count) for name in LANDSCAPES.names}, schema=LANDSCAPES)


def path_for(directory: Path, settings: Mapping[str, Any]) -> Path:
    """Return the path of the landscape with these settings in a results directory. Different settings have different paths."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]
    return directory / "landscapes" / f"{settings['kind']}-{'-'.join(settings['runs'])}-{digest}.parquet"


def read_or_make(path: Path, sweep_toml: str, make: Callable[[], pa.Table]) -> pa.Table:
    """Return the table in the file at `path`. If there is no file, make the table and write the file. Raises SweepgdError if
    the file cannot be read or written.
    """
    if path.exists():
        return parquet_reader.read(path, LANDSCAPES)
    with writing(path):
        path.parent.mkdir(exist_ok=True)
    table = make()
    with writing(path), sealed(path, LANDSCAPES, footer(sweep_toml)) as writer:
        writer.write_table(table)
    return table


def load(directory: Path | str) -> pa.Table:
    """Return all landscapes recorded in a results directory, with the columns of LANDSCAPES."""
    return pa.concat_tables([LANDSCAPES.empty_table(), *(table for _, table in each(directory))])


def each(directory: Path | str) -> Iterator[tuple[Path, pa.Table]]:
    """Yield the file and the table of each landscape recorded in a results directory."""
    for file in sorted((Path(directory) / "landscapes").glob("*.parquet")):
        yield file, parquet_reader.read(file, LANDSCAPES)
