"""Read the columns of a CSV or Parquet file as arrays, and report all faults of the columns in one message."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sweepgd.core.errors import SweepgdError, UsageError, nearest
from sweepgd.data.cells import LEVELS_MOST, category, days, first_not_utf8, kind_of, numbers, plain, words
from sweepgd.data.column_source import MOST_COLUMNS, Source, Types
from sweepgd.data.contract import Array
from sweepgd.data.data_spec import DataSpec
from sweepgd.data.missing_markers import stand_for_missing
from sweepgd.data.raw import TIMES, TRUTH_VALUES, Faults, Names, Raw, in_one_line, shown
from sweepgd.data.spec_checks import listed
from sweepgd.data.table_checks import check_memory, reading


class Gathered(NamedTuple):
    """The columns of a file after reading: `inputs` (n, d), in which categories are still 0, and chunks of Arrow cells.

    `cells` has the chunks of each category by name, and `targets` the chunks of each target. `holds` describes columns that
    were not numbers in the file.
    """

    inputs: Array
    cells: dict[str, list[pa.Array]]
    targets: list[list[pa.Array]]
    holds: dict[str, str]


def read_columns(source: Source, spec: DataSpec, targets: Names, inputs: Names, faults: Faults) -> Raw:
    """Return the columns that `spec` selects, and add their faults to `faults`.

    The inputs are the columns named in `inputs` or, if `inputs` is empty, all columns except the targets. Without `targets`, as
    in a file of new rows, the targets have no columns.
    """
    features, notes = _features(source, spec, targets, inputs)
    check_memory(source.path, source.rows, len(features))
    as_text = () if spec.categories in (None, "all") else listed(spec.categories)
    with reading(source.path):
        read = _gathered(source, spec, targets, features, dict.fromkeys(as_text, pa.string()), faults)
    levels = {}
    column_of = {name: index for index, name in enumerate(features)}
    for name, cells in read.cells.items():
        codes, levels[name] = category(cells, spec.missing_texts, spec.missing_numbers)
        read.inputs[:, column_of[name]] = codes
        if len(levels[name]) > LEVELS_MOST:
            what = f" has {len(levels[name]):,} different texts, but a category may have at most {LEVELS_MOST:,}"
            faults.add(name, what, source.advice.levels)
    columns = [_target(cells, name, spec, source, faults) for cells, name in zip(read.targets, targets, strict=True)]
    return Raw(
        read.inputs,
        np.column_stack([values for values, _ in columns]) if columns else np.empty((len(read.inputs), 0)),
        np.logical_or.reduce([missing for _, missing in columns]) if columns else np.zeros(len(read.inputs), bool),
        features,
        targets,
        levels,
        notes,
        read.holds,
    )


def _features(source: Source, spec: DataSpec, targets: Names, inputs: Names) -> tuple[Names, Names]:
    """Return the input columns, and a note for each column that is left out because it is a row index."""
    path, names = source.path, set(source.names)
    if len(names) < len(source.names):
        twice = [repr(name) for name, count in Counter(source.names).items() if count > 1]
        raise SweepgdError(f"{path}: two columns are called {shown(twice)}: rename one of them")
    encoded = [name for key in (spec.categories, spec.dates) if key != "all" for name in listed(key)]
    excluded = listed(spec.exclude)
    for name in (*targets, *inputs, *excluded, *encoded):
        if name not in names:
            raise UsageError(
                f"{path}: no column {name!r}: {_cause(source.names)}{nearest(name, map(in_one_line, source.names[:1000]))}"
            )
    for name in encoded:
        if name in targets or name in excluded or (inputs and name not in inputs):
            raise UsageError(
                f"data.categories and data.dates name input columns, but {name!r} is not an input: remove this name"
            )
    left_out = {*targets, *excluded, *source.index}
    features = inputs or tuple(name for name in source.names if name not in left_out)
    if len(features) > MOST_COLUMNS:
        raise SweepgdError(
            f"{path}: {len(features):,} input columns, more than the limit of {MOST_COLUMNS:,}: give fewer columns"
        )
    unused = [name for name in source.index if name not in {*targets, *features, *excluded}]
    called = {"": "the first column, which has no name,"}
    return features, tuple(
        f"{path}: {called.get(name, f'column {name!r}')} is an index of the rows and is not used as an input" for name in unused
    )


def _cause(names: Sequence[str]) -> str:
    """Return the likely reason why a file has a single column, or an empty text."""
    found = next((mark for mark in (";", "\t", "|", ",") if len(names) == 1 and mark in names[0]), None)
    if found is None:
        return ""
    quoted = '"\\t"' if found == "\t" else f'"{found}"'
    return f"the file has one column; if its separator is {quoted}, set data.separator = {quoted}; "


def _gathered(source: Source, spec: DataSpec, targets: Names, features: Names, types: Types, faults: Faults) -> Gathered:
    """Read the columns. If the types of the first block do not fit the whole file, read the file a second time with other
    types.
    """
    try:
        return _gather(source, spec, targets, features, types, faults)
    except pa.ArrowInvalid as error:
        types = source.types_of(error, _wanted(features, targets), types)
    faults.clear()
    return _gather(source, spec, targets, features, types, faults)


def _wanted(features: Names, targets: Names) -> Names:
    return tuple(dict.fromkeys((*features, *targets)))


def _gather(source: Source, spec: DataSpec, targets: Names, features: Names, types: Types, faults: Faults) -> Gathered:
    """Read all batches once: convert numbers and dates, and keep categories and targets as Arrow cells."""
    read = Gathered(np.empty((source.rows, len(features))), {}, [[] for _ in targets], {})
    texts: dict[str, bool] = {}
    missing = spec.missing_numbers
    categories, dates = (None if key == "all" else frozenset(listed(key)) for key in (spec.categories, spec.dates))
    start = 0
    for batch in source.batches(_wanted(features, targets), types):
        at = {name: index for index, name in enumerate(batch.schema.names)}
        stop = start + batch.num_rows
        if stop > source.rows:
            raise SweepgdError(
                f"{source.path} has more rows than it has lines, or than its header declares: save the file again "
                "(a text file as UTF-8)"
            )
        for index, name in enumerate(features):
            column, values = plain(batch.column(at[name])), read.inputs[start:stop, index]
            kind = kind_of(column.type)
            if kind == "text" if categories is None else name in categories:
                read.cells.setdefault(name, []).append(column)
            elif kind == "number":
                values[:] = numbers(column, missing)
                if pa.types.is_boolean(column.type):
                    read.holds[name] = TRUTH_VALUES
            elif kind == "time" and (dates is None or name in dates):
                values[:] = days(column)
                read.holds[name] = TIMES
            else:
                values[:] = 0
                texts[name] = _fault(column, name, start, source, spec, faults, known=texts.get(name, False))
        for cells, name in zip(read.targets, targets, strict=True):
            cells.append(plain(batch.column(at[name])))
        start = stop
    for name in (name for name, text in texts.items() if not text):
        faults.add(name, " holds numbers as text", source.advice.inputs.numbers_as_text)
    return read._replace(inputs=read.inputs[:start])


def _fault(
    column: pa.Array,
    name: str,
    start: int,
    source: Source,
    spec: DataSpec,
    faults: Faults,
    target: bool = False,
    known: bool = False,
) -> bool:
    """Add the reason why a column is not numeric to `faults` or, if the reason is `known`, count further cells. Return False if
    the reason is still unknown.
    """
    kind = kind_of(column.type)
    advice = source.advice.targets if target else source.advice.inputs
    if kind == "text":
        found = words(column, spec.missing_texts)
        if known:
            faults.count(name, len(found))
        if known or not found:
            return known
        row, text = found[0]
        date = spec.dates is not None and spec.dates != "all" and name in spec.dates
        hint = source.of_cell(text) or ("write dates as 2020-01-31" if date else advice.text)
        faults.add(name, f", row {start + row + 1} is {text[:40]!r}, not a {'date' if date else 'number'}", hint, len(found))
    elif known:
        return True
    elif kind == "bytes":
        row, cell = first_not_utf8(column)
        what = f", row {start + row + 1} is {cell[:20]!r}, which is not UTF-8 text"
        faults.add(name, what, f"{source.of_bytes}, or {advice.otherwise}")
    elif kind == "time":
        first = next((str(cell) for cell in column.to_pylist() if cell is not None), "")
        faults.add(name, f", row {start + 1} is {first!r}, not a number", advice.time)
    else:
        faults.add(name, f" holds {column.type}, not numbers", advice.otherwise)
    return True


def _target(cells: Sequence[pa.Array], name: str, spec: DataSpec, source: Source, faults: Faults) -> tuple[Array, Array]:
    """Return the values of a target (numbers; for a classification also texts or booleans), and a mask that is True for missing
    values.
    """
    kinds = {kind_of(cell.type) for cell in cells} or {"number"}
    if kinds == {"number"}:
        if cells and all(pa.types.is_integer(cell.type) and not cell.null_count for cell in cells):
            values = np.concatenate([cell.to_numpy() for cell in cells])
            return values, stand_for_missing(values, spec.missing_numbers)
        values = np.concatenate([numbers(cell, spec.missing_numbers) for cell in cells]) if cells else np.empty(0)
        missing = np.isnan(values)
        if spec.task == "classification" and cells and all(pa.types.is_boolean(cell.type) for cell in cells):
            values = values == 1
        return values, missing
    if kinds == {"text"} and spec.task == "classification":
        codes, levels = category(cells, spec.missing_texts, spec.missing_numbers)
        missing = np.isnan(codes)
        return np.array(levels or ("",))[np.where(missing, 0, codes).astype(np.int64)], missing
    start, known = 0, False
    for cell in cells:
        if kind_of(cell.type) != "number":
            known = _fault(cell, name, start, source, spec, faults, target=True, known=known)
        start += len(cell)
    if not known:
        faults.add(name, " holds numbers as text", source.advice.targets.numbers_as_text)
    return np.zeros(sum(map(len, cells))), np.zeros(sum(map(len, cells)), bool)
