"""Labels as class numbers, and the names of the classes."""

from collections.abc import Sequence

import numpy as np

from sweepgd.data.contract import Array
from sweepgd.problem import Problem

# Whole numbers that are so many for so few rows are a quantity; faces and characters have texts, or more rows a class.
FEW_CLASSES, FEW_ROWS = 20, 5


def encode(labels: Array, classes: Sequence[str], where: str, column: str) -> tuple[Array, tuple[str, ...]]:
    """Class numbers (n, 1) of whole or textual labels (n,), and the names of the classes in sorted order.

    Where `classes` is given, as for a test file, every label must be among them. Raises Problem where a label is
    neither text nor a whole number, or where there are so many numbers that they are no classes.
    """
    if labels.dtype.kind == "f":
        broken = np.flatnonzero(~((np.abs(labels) < 2.0**53) & (labels == np.floor(labels))))
        if len(broken):
            raise Problem(
                f"{where}: column {column!r}, row {broken[0] + 1} is {labels[broken[0]]:g}: classes are whole"
                ' numbers or text; for other numbers set data.task = "regression"'
            )
        labels = labels.astype(np.int64)
    levels, codes = np.unique(labels, return_inverse=True)
    if not classes and labels.dtype.kind in "iu" and len(levels) > FEW_CLASSES and len(labels) < FEW_ROWS * len(levels):
        raise Problem(
            f"{where}: column {column!r} would be {len(levels):,} classes in {len(labels):,} rows: is it a quantity? Then set"
            ' data.task = "regression"; if not, name the classes in words'
        )
    names = tuple(str(level) for level in levels)
    classes = tuple(classes) or names
    known = {name: number for number, name in enumerate(classes)}
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise Problem(f"{where}: column {column!r} has class {unknown!r}, which the training file has not")
    numbers = np.array([known[name] for name in names], dtype=np.float64)
    return numbers[codes][:, None], classes
