"""The record of one finished trial, and its bytes in the log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgpack
import numpy as np

from sweepgd.core.errors import nearest
from sweepgd.core.layout import COLUMNS, Layout
from sweepgd.record.schema import CURVES, plain

VALUE_BYTES = 8  # the number of bytes of each value in a curve

_REALS = {np.dtype(name): name for name in ("float32", "float64")}
_CURVE_DTYPES = {name: np.dtype("i8" if str(CURVES.field(name).type) == "int64" else "f8") for name in CURVES.names[2:]}


@dataclass(frozen=True)
class TrialRecord:
    """One trial with all its replicates, ready to be recorded.

    `rows` has one row of the trials table for each replicate. `curves` has the columns of each replicate's curve, in the order
    of `rows`. A curve has the column `update`, and may have all other columns of the curves table, each of shape (points,), and
    `position` of shape (points, dimensions). A replicate that never ran has no columns. `minima` has rows of the minima table,
    in which `parameters` is a flat vector of float32 or float64 and `layout` has the shape (tensors, COLUMNS). `curvature` has
    rows of the curvature table. Measures that are added to a recorded trial form a `TrialRecord` without other rows. A column
    that is missing, None or NaN is recorded as null.
    """

    trial: int
    rows: list[dict[str, Any]]
    curves: list[dict[str, np.ndarray]]
    minima: list[dict[str, Any]] = field(default_factory=list)
    curvature: list[dict[str, Any]] = field(default_factory=list)


def encode(finished: TrialRecord) -> bytes:
    """Return the log record of a trial. Raises ValueError if a value does not fit its table."""
    where = f"trial {finished.trial}"
    try:
        if len(finished.curves) != len(finished.rows):
            raise ValueError(f"it has {len(finished.rows)} rows but {len(finished.curves)} curves")
        rows = [plain(row, "trials") for row in finished.rows]
        curves = [_curve(curve) for curve in finished.curves]
        minima = [_minimum(row) for row in finished.minima]
        curvature = [plain(row, "curvature") for row in finished.curvature]
        if any(row["trial"] != finished.trial for row in [*rows, *minima, *curvature]):
            raise ValueError("a row belongs to another trial")
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    return msgpack.packb((finished.trial, rows, curves, minima, curvature), datetime=True)


def with_search_state(record: bytes, state: str) -> bytes:
    """Return a record with the search state added, because the state is known only after the trial has been encoded."""
    return record + msgpack.packb(state)


class Packed(NamedTuple):
    """The contents of a log record.

    Curve columns, parameter vectors and layouts are still bytes. Records of schema version 1 have no curvature.
    """

    trial: int
    rows: list[dict[str, Any]]
    curves: list[dict[str, bytes]]
    minima: list[dict[str, Any]]
    curvature: Sequence[dict[str, Any]] = ()


def unpack(record: bytes) -> Packed:
    """Return the contents of a record. Arrays stay bytes, because converting arrays one by one would take longer than all other
    work.
    """
    unpacker = msgpack.Unpacker(timestamp=3, max_buffer_size=len(record))
    unpacker.feed(record)
    packed = Packed(*unpacker.unpack())
    for state in unpacker:
        packed.rows[0]["search_state"] = state
    return packed


def decode(record: bytes) -> TrialRecord:
    """Return the trial from a record that `encode` made."""
    trial, rows, curves, minima, curvature = unpack(record)
    for row in minima:
        row["parameters"] = np.frombuffer(row["parameters"], row["dtype"])
        row["layout"] = layout_in(row["layout"])
    return TrialRecord(trial, rows, [_arrays(curve) for curve in curves], minima, list(curvature))


def layout_in(raw: bytes) -> Layout:
    """Return the layout of a minimiser, of shape (tensors, COLUMNS), from its bytes."""
    return np.frombuffer(raw, np.int64).reshape(-1, COLUMNS)


def _curve(curve: Mapping[str, np.ndarray]) -> dict[str, bytes]:
    if curve and "update" not in curve:
        raise ValueError("a curve needs the column 'update'")
    points = len(curve["update"]) if curve else 0
    columns = {}
    for name, values in curve.items():
        dtype = _CURVE_DTYPES.get(name)
        if dtype is None:
            raise ValueError(f"a curve has no column {name!r}: {nearest(name, _CURVE_DTYPES)}")
        array = np.asarray(values)
        if array.ndim != (2 if name == "position" else 1) or len(array) != points:
            raise ValueError(f"column {name!r} of a curve of {points} points has shape {array.shape}")
        if array.dtype != dtype:
            if not np.can_cast(array.dtype, dtype, "same_kind"):
                raise ValueError(f"column {name!r} of a curve is {array.dtype}, not {dtype}")
            array = array.astype(dtype)
        columns[name] = array.tobytes()
    return columns if points else {}


def _arrays(curve: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    columns = {name: np.frombuffer(raw, _CURVE_DTYPES[name]) for name, raw in curve.items()}
    if "position" in columns:
        columns["position"] = columns["position"].reshape(len(columns["update"]), -1)
    return columns


def _minimum(row: Mapping[str, Any]) -> dict[str, Any]:
    parameters, layout = np.asarray(row["parameters"]), np.asarray(row["layout"], dtype=np.int64)
    dtype = _REALS.get(parameters.dtype)
    if parameters.ndim != 1 or dtype is None:
        raise ValueError(f"parameters must be a flat vector of floats, not {parameters.dtype} of shape {parameters.shape}")
    if layout.ndim != 2 or layout.shape[1] != COLUMNS:
        raise ValueError(f"the layout of a minimum must have shape (tensors, {COLUMNS}), not {layout.shape}")
    scalars = {name: value for name, value in row.items() if name not in ("parameters", "layout")}
    values = plain(scalars | {"dtype": dtype}, "minima")
    return values | {"parameters": parameters.tobytes(), "layout": layout.tobytes()}
