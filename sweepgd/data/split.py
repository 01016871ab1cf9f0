"""The split into training, validation and test rows."""

from math import ceil

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.data.contract import Array


def split_rows(
    rows: Array, labels: Array | None, how: str, validation: float, test: float, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Return the training, validation and test rows among `rows` (sorted row numbers), each part sorted.

    Shares refer to all `rows` and are rounded up, as in Keras' `validation_split` and scikit-learn. If `how` is "tail", the
    last rows are for the test, and the rows before these are for validation. If `how` is "stratified", each part has the same
    share of each class in `labels`. The test rows do not depend on the validation share. Raises SweepgdError if no training
    rows are left, or classes are too small to stratify.
    """
    test_count, validation_count = _count(test, len(rows)), _count(validation, len(rows))
    if test_count + validation_count >= len(rows):
        raise SweepgdError(
            f"{len(rows)} rows minus {validation_count} for validation and {test_count} for the test leaves no training rows: "
            "give more rows or smaller shares"
        )
    rest, test_rows = _take(rows, labels, how, test_count, rng)
    train_rows, validation_rows = _take(rest, labels, how, validation_count, rng)
    return train_rows, validation_rows, test_rows


def _count(share: float, rows: int) -> int:
    # 0.07 * 100 is 7.000000000000001 in floating point, but the result should be 7 rows, not 8.
    return ceil(round(share * rows, 9))


def _take(rows: Array, labels: Array | None, how: str, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    if how == "tail" or count == 0:
        return rows[: len(rows) - count], rows[len(rows) - count :]
    from sklearn.model_selection import train_test_split

    strata = labels[rows] if how == "stratified" and labels is not None else None
    try:
        remaining, taken = train_test_split(rows, test_size=count, random_state=int(rng.integers(2**32)), stratify=strata)
    except ValueError as error:
        raise SweepgdError(_too_small(strata, count)) from error
    return np.sort(remaining), np.sort(taken)


def _too_small(strata: Array | None, count: int) -> str:
    assert strata is not None
    _, sizes = np.unique(strata, return_counts=True)
    return (
        'data.split = "stratified" needs at least 2 rows of each class, and at least as many rows in each part as there are'
        f" classes: of {len(sizes)} classes the smallest has {sizes.min()}, and a part has {count} rows;"
        ' use "random", more rows or larger shares'
    )
