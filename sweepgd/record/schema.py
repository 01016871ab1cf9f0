"""The columns of the record. Each table has an Arrow schema, and every Parquet part has metadata in its footer."""

import hashlib
import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.metadata import version
from typing import Any

import pyarrow as pa

from sweepgd.core.errors import nearest

# The version increases when a table is added or a column changes its meaning or type, but not when a column is added. All
# versions up to this version can be read. 1: no checksums, and in the first directories no curvature table. 2: parts contain a
# checksum. 3: trials of one sweep may have different models and data.
SCHEMA_VERSION = 3
SEALED = 2

_KEY = [pa.field("trial", pa.int64(), nullable=False), pa.field("replicate", pa.int64(), nullable=False)]
_REALS = pa.list_(pa.float64())
# Counts by true class (rows) and predicted class (columns). Counts have 32 bits, so that their type differs from the type of a
# layout.
_CONFUSION = pa.list_(pa.list_(pa.int32()))
_TIME = pa.timestamp("us", tz="UTC")


def _fields(kind: pa.DataType, *names: str) -> list[pa.Field]:
    return [pa.field(name, kind) for name in names]


# `evaluated_at_update` is the update of the evaluation that gave the losses, errors and gap. This update is null if there is no
# evaluation, and in older records without this column, whose values come from the last evaluation. `model_settings` and
# `data_settings` are the tables `[model]` and `[data]` of the trial as JSON with sorted keys. Both are null in records of
# versions 1 and 2.
TRIALS = pa.schema(
    [
        *_KEY,
        *_fields(pa.string(), "config_id", "status", "message"),
        *_fields(pa.string(), "data", "model", "optimizer", "schedule", "batch_schedule"),
        pa.field("batch_size", pa.int64()),
        pa.field("learning_rate", pa.float64()),
        pa.field("hyperparameters", pa.map_(pa.string(), pa.float64())),
        pa.field("settings", pa.string()),
        pa.field("seed", pa.int64()),
        pa.field("epochs", pa.float64()),
        *_fields(pa.int64(), "updates", "samples"),
        pa.field("dtype", pa.string()),
        pa.field("attempt", pa.int64()),
        pa.field("objectives", _REALS),
        *_fields(pa.float64(), "train_loss", "validation_loss", "test_loss"),
        *_fields(pa.float64(), "train_error", "validation_error", "test_error", "generalization_gap"),
        *_fields(pa.int64(), "steps_to_goal", "diverged_at_update"),
        *_fields(pa.float64(), "last_finite_loss", "train_seconds", "seconds_per_update", "seconds_per_epoch"),
        *_fields(_TIME, "started_at", "finished_at"),
        pa.field("worker", pa.string()),
        *_fields(pa.int64(), "data_seed", "parameters"),
        pa.field("search_state", pa.string()),
        pa.field("processor", pa.string()),
        pa.field("vector_bits", pa.int64()),
        pa.field("evaluated_at_update", pa.int64()),
        *_fields(pa.float64(), "validation_balanced_error", "test_balanced_error", "validation_macro_f1", "test_macro_f1"),
        *_fields(_CONFUSION, "validation_confusion", "test_confusion"),
        *_fields(pa.string(), "model_settings", "data_settings"),
    ]
)

CURVES = pa.schema(
    [
        *_KEY,
        pa.field("update", pa.int64()),
        pa.field("epoch", pa.float64()),
        pa.field("samples", pa.int64()),
        *_fields(pa.float64(), "seconds", "learning_rate"),
        pa.field("batch_size", pa.int64()),
        *_fields(pa.float64(), "train_loss", "validation_loss", "test_loss"),
        *_fields(pa.float64(), "train_error", "validation_error", "test_error", "gradient_norm", "batch_loss"),
        pa.field("position", _REALS),
    ]
)

# float64 stores float32 parameters exactly. `dtype` is the original type of the parameters.
MINIMA = pa.schema(
    [
        *_KEY,
        pa.field("which", pa.string()),
        pa.field("update", pa.int64()),
        pa.field("parameters", _REALS),
        pa.field("dtype", pa.string()),
        pa.field("layout", pa.list_(pa.list_(pa.int64()))),
        *_fields(pa.string(), "data_fingerprint", "preprocessing"),
    ]
)

# `which` is the kind of the minimum, or "path" for a point along the run. `rescaling` is the factor by which layers were
# rescaled before the measure, without a change of the network's outputs. A factor of 1 means the recorded weights. `message` is
# the reason if there is no value. Only a spectral density has a grid. `rows_error` is the sampling error if only `rows` of
# `training_rows` rows were measured. `starts` has the increase from each start.
CURVATURE = pa.schema(
    [
        *_KEY,
        pa.field("measure", pa.string()),
        *_fields(pa.float64(), "value", "error"),
        *_fields(pa.string(), "settings", "which", "message"),
        *_fields(pa.int64(), "update", "rows"),
        *_fields(pa.float64(), "rescaling", "seconds"),
        *_fields(_REALS, "grid", "density"),
        pa.field("rows_error", pa.float64()),
        pa.field("training_rows", pa.int64()),
        pa.field("starts", _REALS),
    ]
)

SCHEMAS: dict[str, pa.Schema] = {"trials": TRIALS, "curves": CURVES, "minima": MINIMA, "curvature": CURVATURE}


def sha256(sweep_toml: str) -> str:
    """Return the SHA-256 of a resolved sweep."""
    return hashlib.sha256(sweep_toml.encode()).hexdigest()


def footer(sweep_toml: str) -> dict[str, str]:
    """Return the metadata of every part: schema version, software versions, and the SHA-256 of the resolved sweep."""
    return {
        "sweepgd.schema_version": str(SCHEMA_VERSION),
        "sweepgd.sweep_sha256": sha256(sweep_toml),
        **{f"{name}.version": version(name) for name in ("sweepgd", "numba", "numpy")},
    }


def _integer(value: Any) -> int:
    number = operator.index(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{number} does not fit in 64 bits")
    return number


def _real(value: Any) -> float | None:
    number = float(value)
    return None if number != number else number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value


def _moment(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(f"{value!r} is not a datetime with a time zone")
    return value


def _reals(value: Any) -> list[float | None]:
    return [None if number is None else _real(number) for number in value]


def _counts(value: Any) -> list[list[int]]:
    return [[_integer(number) for number in row] for row in value]


def _map(value: Any) -> dict[str, float | None]:
    return {_text(name): _real(number) for name, number in value.items()}


_PLAIN: dict[pa.DataType, Callable[[Any], Any]] = {
    pa.int64(): _integer,
    pa.float64(): _real,
    pa.string(): _text,
    _TIME: _moment,
    _REALS: _reals,
    _CONFUSION: _counts,
    pa.map_(pa.string(), pa.float64()): _map,
}
_COLUMNS = {
    name: {field.name: _PLAIN[field.type] for field in schema if field.type in _PLAIN} for name, schema in SCHEMAS.items()
}


def plain(row: Mapping[str, Any], table: str) -> dict[str, Any]:
    """Return `row` as plain Python values that fit the table, so that every row in the log can be written to Parquet.

    NaN and None become null. Raises ValueError for an unknown column, a value of the wrong type, or a row without a trial or
    replicate.
    """
    columns = _COLUMNS[table]
    values: dict[str, Any] = {"trial": None, "replicate": None}
    name = ""
    try:
        for name, value in row.items():
            values[name] = None if value is None else columns[name](value)
    except KeyError:
        raise ValueError(f"no column {name!r}: {nearest(name, columns)}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"column {name!r}: {error}") from error
    if values["trial"] is None or values["replicate"] is None:
        raise ValueError("a row needs a trial and a replicate")
    return values
