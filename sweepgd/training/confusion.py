"""Confusion matrices of a trained model, and the scores that weight every class equally."""

from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.data import Data, Part

Array = npt.NDArray[np.int64]
# A function from inputs and targets to the share of rows that are misclassified.
Error = Callable[[npt.NDArray[Any], npt.NDArray[Any]], float]

# The matrix has the square of this many numbers, and each class needs separate evaluations.
MOST_CLASSES = 100


def confusion(error: Error, part: Part, classes: int) -> Array | None:
    """Return the number of rows of a part by true class and predicted class, (classes, classes).

    `error(inputs, targets)` returns the share of rows whose predicted class is not their target. If all targets are replaced by
    one class, the correct rows are those that the model predicts to be of that class. This works for any model. Return None if
    the shares are not whole numbers of rows, as with top-k errors.
    """
    labels = part.targets[:, 0].astype(np.int64)
    counts = np.zeros((classes, classes), dtype=np.int64)
    for true in range(classes):
        inputs = part.inputs[labels == true]
        left, targets = len(inputs), np.empty((len(inputs), 1), dtype=part.targets.dtype)
        # The true class first, because most rows, often all, are predicted to be of the true class.
        for guess in (true, *(other for other in range(classes) if other != true)):
            if not left:
                break
            targets.fill(guess)
            share = error(inputs, targets)
            if not isfinite(share):
                return None
            counts[true, guess] = len(inputs) - round(share * len(inputs))
            left -= counts[true, guess]
        if left:
            return None
    return counts


def confusions(data: Data, error: Error) -> dict[str, Array]:
    """Return the `confusion` of the validation part and of the test part, by name. Return {} without classes or with too
    many.
    """
    classes = len(data.classes)
    if not 0 < classes <= MOST_CLASSES:
        return {}
    parts = {"validation": data.validation, "test": data.test}
    found = {name: confusion(error, part, classes) for name, part in parts.items() if part is not None}
    return {name: counts for name, counts in found.items() if counts is not None}


def balanced_error(counts: Array) -> float:
    """Return the mean error over the classes that have rows. The error of a class is its share of misclassified rows."""
    rows = counts.sum(axis=1)
    present = rows > 0
    return float(np.mean(1 - counts.diagonal()[present] / rows[present]))


def macro_f1(counts: Array) -> float:
    """Return the mean F1 score over the classes that occur as true or as predicted classes."""
    total = counts.sum(axis=0) + counts.sum(axis=1)
    present = total > 0
    return float(np.mean(2 * counts.diagonal()[present] / total[present]))
