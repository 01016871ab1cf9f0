"""Labels as class numbers, and the names of the classes."""

from collections.abc import Sequence

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.data.contract import Array

# If there are more than 20 different whole numbers with fewer than 5 rows each, they are most likely a quantity and not
# classes.
FEW_CLASSES, FEW_ROWS = 20, 5
CORRECT_IT = "correct the label, or remove the row"


def encode(labels: Array, classes: Sequence[str], where: str, column: str) -> tuple[Array, tuple[str, ...]]:
    """Return class numbers (n, 1) for labels (n,), whole numbers or text, and the class names in sorted order.

    If `classes` is given, as for a test file, every label must be one of them. Raises SweepgdError if a label is neither text
    nor a whole number, or if there are too many different numbers for classes.
    """
    if labels.dtype.kind == "f":
        broken = np.flatnonzero(~((np.abs(labels) < 2.0**53) & (labels == np.floor(labels))))
        if len(broken):
            raise SweepgdError(
                f"{where}: column {column!r}, row {broken[0] + 1} is {labels[broken[0]]:g}: classes are whole numbers or text; "
                + (CORRECT_IT if classes else 'for other numbers set data.task = "regression"')
            )
        labels = labels.astype(np.int64)
    levels, codes = np.unique(labels, return_inverse=True)
    if not classes and labels.dtype.kind in "iu" and len(levels) > FEW_CLASSES and len(labels) < FEW_ROWS * len(levels):
        raise SweepgdError(
            f"{where}: column {column!r} would have {len(levels):,} classes in {len(labels):,} rows: if it is a quantity, set"
            ' data.task = "regression"; if not, name the classes in words'
        )
    names = tuple(str(level) for level in levels)
    classes = tuple(classes) or names
    known = {name: number for number, name in enumerate(classes)}
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise SweepgdError(f"{where}: column {column!r} has class {unknown!r}, which is not in the training file: {CORRECT_IT}")
    numbers = np.array([known[name] for name in names], dtype=np.float64)
    return numbers[codes][:, None], classes
