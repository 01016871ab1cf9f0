"""Missing and infinite values of a file. Either one message refuses all of these values, or the rows with these values are left
out.
"""

from collections.abc import Callable

import numpy as np

from sweepgd.data.contract import Array
from sweepgd.data.data_spec import DataSpec
from sweepgd.data.raw import Faults, Raw

BLOCK = 4096  # the number of rows checked at a time, which keeps temporary arrays small


def complete(raw: Raw, spec: DataSpec, faults: Faults) -> Raw:
    """Return `raw` without the rows that `spec` drops. Raises SweepgdError for missing or infinite values and for `faults`."""
    dropped = np.zeros(len(raw.inputs), bool)
    for column, row, count in _not_finite(raw.inputs, np.isnan):
        if spec.missing is None:
            hint = 'fill in a value, or set data.missing = "drop", "mean", "median" or "most_frequent"'
            faults.add(raw.features[column], f", row {row + 1} is missing", hint, count)
    if spec.missing == "drop" and raw.inputs.dtype.kind == "f":
        for start in range(0, len(dropped), BLOCK):
            dropped[start : start + BLOCK] = np.isnan(raw.inputs[start : start + BLOCK]).any(axis=1)
    for values, names in ((raw.inputs, raw.features), (raw.targets, raw.target_names)):
        for column, row, count in _not_finite(values, np.isinf):
            what = f", row {row + 1} is {values[row, column]}"
            faults.add(names[column], what, "correct the value, or remove the row", count)
    if spec.missing_target is None and raw.unlabelled.any():
        row, count = int(np.argmax(raw.unlabelled)), int(raw.unlabelled.sum())
        or_class = "; if it is a class, set data.missing_values = []" if raw.targets.dtype.kind == "U" else ""
        hint = f'fill in the value, or set data.missing_target = "drop"{or_class}'
        faults.add(raw.target_names[0], f", row {row + 1} is missing", hint, count)
    faults.refuse()
    dropped |= raw.unlabelled
    if not dropped.any():
        return raw
    complete = ~dropped
    note = f"{faults.where}: {int(dropped.sum()):,} of {len(dropped):,} rows are left out because a value is missing"
    return raw._replace(
        inputs=raw.inputs[complete],
        targets=raw.targets[complete],
        unlabelled=raw.unlabelled[complete],
        notes=(*raw.notes, note),
    )


def _not_finite(values: Array, is_bad: Callable[[Array], Array]) -> list[tuple[int, int, int]]:
    """Return three numbers for each column with bad cells: the column, its first bad row and how many of its rows are bad."""
    if values.dtype.kind != "f":
        return []
    first: dict[int, int] = {}
    counts = np.zeros(values.shape[1], np.int64)
    for start in range(0, len(values), BLOCK):
        bad = is_bad(values[start : start + BLOCK])
        if bad.any():
            counts += bad.sum(axis=0)
            for column in np.flatnonzero(bad.any(axis=0)).tolist():
                first.setdefault(column, start + int(np.argmax(bad[:, column])))
    return [(column, first[column], int(counts[column])) for column in sorted(first)]
