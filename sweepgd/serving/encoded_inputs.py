"""Compute a model's inputs from columns of new rows, with the encoding and the scaling of the training rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.data.encode import unseen_levels
from sweepgd.data.raw import shown
from sweepgd.data.standardize import converted
from sweepgd.data.table_checks import check_finite
from sweepgd.serving.model_header import ModelHeader

Floats = npt.NDArray[np.float64]
Scaling = tuple[Floats, Floats] | None
# The level number of a text that no training row has. All inputs of its column are 0.
UNKNOWN = -1.0


def inputs_of(header: ModelHeader, values: npt.NDArray[Any], scaling: Scaling, where: str) -> npt.NDArray[Any]:
    """Return the model's inputs, (rows, inputs) in the model's dtype, for the columns in `values`, (rows, columns).

    In `values`, NaN is a missing value, and a category is the number of its level or UNKNOWN. Raises SweepgdError for an
    infinite value, and for a missing value in a column for which the model has no value to fill in.
    """
    if header.encodes:
        values = _encoded(header, values.astype(np.float64), where)
    missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(values.shape, bool)
    if missing.any():
        row, column = np.argwhere(missing)[0]
        raise SweepgdError(
            f"{where}: column {header.inputs[column]!r}, row {row + 1} is missing, and the model was trained without a rule "
            "to fill it in: give a value"
        )
    check_finite(values, header.inputs, where, "correct the value, or remove the row")
    return converted(values, np.arange(len(values)), scaling, header.dtype, header.inputs, where)


def _encoded(header: ModelHeader, values: Floats, where: str) -> Floats:
    missing = np.isnan(values)
    inputs = list[Floats]()
    for column, name in enumerate(header.columns):
        levels, cells = header.levels.get(name), values[:, column]
        if name in header.imputed:
            fill = header.imputed[name]
            number = float(levels.index(str(fill))) if levels is not None else float(fill)
            cells = np.where(missing[:, column], number, cells)
        if levels is None:
            inputs.append(cells[:, None])
            continue
        if np.isnan(cells).any():
            row = int(np.argmax(np.isnan(cells)))
            raise SweepgdError(
                f"{where}: column {name!r}, row {row + 1} is missing, and the model was trained without a rule to fill it in: "
                "give a value"
            )
        inputs.append((cells[:, None] == np.arange(len(levels))).astype(np.float64))
    marked = [header.columns.index(name.removesuffix(" missing")) for name in header.indicators]
    return np.hstack([*inputs, missing[:, marked].astype(np.float64)])


def level_numbers(
    header: ModelHeader, column: str, levels: Sequence[str], codes: npt.NDArray[np.int64], where: str
) -> tuple[Floats, list[str]]:
    """Return the number of each cell's level in the training, or UNKNOWN, and a note if there are unknown levels. A cell is
    `levels[code]`, with its code in `codes`.
    """
    number = {level: float(index) for index, level in enumerate(header.levels[column])}
    numbers = np.array([number.get(level, UNKNOWN) for level in levels], dtype=np.float64)[codes]
    unknown = [levels[code] for code in np.unique(codes[numbers == UNKNOWN])]
    return numbers, [unseen_levels(where, column, unknown, int((numbers == UNKNOWN).sum()))] if unknown else []


def matrix_of(header: ModelHeader, rows: Any, where: str) -> tuple[npt.NDArray[Any], list[str]]:
    """Return rows in memory as an array, (rows, columns), and notes on levels that no training row has.

    `rows` is a 2-D array in the order of `columns`, an array of images, (rows, height, width, channels), or a table with these
    column names. Raises UsageError for a wrong number of columns, an absent column, or a value that is not a number.
    """
    names = header.columns
    if hasattr(rows, "columns") and not isinstance(rows, Mapping):  # of pandas or polars
        absent = [name for name in names if name not in list(rows.columns)]
        if absent:
            raise UsageError(f"{where} {missing_columns(absent)}: the model takes {len(names):,} columns, see `columns`")
        rows = rows[names]
    values = np.asarray(rows, dtype=object if header.levels else None)
    if header.image is not None and [*values.shape[1:], 1][:3] == header.image:
        values = values.reshape(len(values), len(names))
    if values.ndim != 2 or values.shape[1] != len(names):
        raise UsageError(f"{where} have shape {values.shape}: give (rows, {len(names)}), in the order of `columns`")
    if not header.levels:
        return _numbers(values, where), []
    out, notes = np.empty(values.shape), list[str]()
    for column, name in enumerate(names):
        if name in header.levels:
            texts = [None if cell is None or cell != cell else str(cell) for cell in values[:, column]]
            given = np.array([text is not None for text in texts], dtype=bool)
            levels, codes = np.unique([text for text in texts if text is not None], return_inverse=True)
            out[:, column] = np.nan
            out[given, column], own = level_numbers(header, name, levels.tolist(), codes, where)
            notes += own
        else:
            out[:, column] = _numbers(values[:, column], f"column {name!r}")
    return out, notes


def missing_columns(names: Sequence[str]) -> str:
    """Return the words that say that columns are absent."""
    listed = shown([repr(name) for name in names])
    return f"have no column {listed}" if len(names) == 1 else f"lack {len(names):,} columns ({listed})"


def _numbers(values: npt.NDArray[Any], what: str) -> npt.NDArray[Any]:
    if values.dtype.kind in "fiub":
        return values.astype(np.uint8) if values.dtype.kind == "b" else values
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{what} hold values that are not numbers: {error}") from error
