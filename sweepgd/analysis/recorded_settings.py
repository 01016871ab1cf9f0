"""Settings of the model and of the data that differ between runs, from the columns `model_settings` and `data_settings`."""

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

COLUMNS = {"model": "model_settings", "data": "data_settings"}
# These settings follow from the other settings. `fingerprint` is a digest of the data.
DERIVED = ("fingerprint",)


def differing_settings(runs: pa.Table) -> dict[str, list[Any]]:
    """Return the values, (runs,), of each setting that differs among `runs`, by name, such as "model.hidden".

    A value is as in the sweep file, so that a list stays a list. It is None for a run without the setting, and for records
    without the columns in COLUMNS.
    """
    return {
        name: values
        for kind, column in COLUMNS.items()
        for name, values in differing_in(runs[column].to_pylist(), f"{kind}.").items()
    }


def differing_in(texts: Sequence[str | None], prefix: str) -> dict[str, list[Any]]:
    """Return the values of each setting that differs between the tables in `texts` (JSON). Each name begins with `prefix`."""
    tables: dict[str | None, dict[str, Any]] = {text: json.loads(text) if text else {} for text in dict.fromkeys(texts)}
    found = {}
    for key in sorted({key for table in tables.values() for key in table if key not in DERIVED}):
        if len({json.dumps(table.get(key)) for table in tables.values()}) > 1:
            found[prefix + key] = [tables[text].get(key) for text in texts]
    return found
