"""The keys in which the sweeps of several studies differ."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from sweepgd.record import Results
from sweepgd.sweep import changes, recorded

SCHEMA = pa.schema([("key", pa.string()), ("study", pa.string()), ("value", pa.string())])


def changes_table(every: Sequence[Results], names: Sequence[str]) -> pa.Table:
    """Return one row per study for each key in which any sweep differs from the first one. Columns are as in SCHEMA. A value is
    JSON, or "not given" if the sweep lacks the key. Keys that do not change what is computed, such as the number of trials, are
    left out. Raises SweepgdError if a recorded sweep is not valid.
    """
    sweeps = [recorded(results.sweep_toml, str(results.directory / "sweep.toml")) for results in every]
    found = [changes(sweeps[0], sweep) for sweep in sweeps[1:]]
    first = {key: old for each in found for key, (old, _) in each.items()}
    rows = []
    for key, value in sorted(first.items()):
        values = [value, *(each[key][1] if key in each else value for each in found)]
        rows += [{"key": key, "study": name, "value": _text(value)} for name, value in zip(names, values, strict=True)]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _text(value: Any) -> str:
    return value if value == "not given" else json.dumps(value, default=str)
