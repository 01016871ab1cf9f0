"""Results directories written from tables, without running a search."""

from pathlib import Path

import pyarrow as pa

from sweepgd.record import Results, load
from sweepgd.record.checksums import sealed
from sweepgd.record.schema import SCHEMAS, footer


def written(directory: Path, sweep_toml: str, **tables: pa.Table) -> Results:
    """Write one part of each table, empty if it is not given, and return the results."""
    for name, schema in SCHEMAS.items():
        (directory / name).mkdir(parents=True)
        with sealed(directory / name / "000001.parquet", schema, footer(sweep_toml)) as writer:
            writer.write_table(tables.get(name, schema.empty_table()))
    (directory / "sweep.toml").write_text(sweep_toml, encoding="utf-8")
    return load(directory)
