"""Confusion matrices of a trained model, and the scores that weight every class equally."""

from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.data import Data, Part

Array = npt.NDArray[np.int64]
# A function that takes inputs and returns the model's outputs, (rows, outputs), or None for a model without predictions.
Outputs = Callable[[npt.NDArray[Any]], npt.NDArray[Any] | None]
# A function that takes inputs and targets and returns the share of rows that are misclassified.
Error = Callable[[npt.NDArray[Any], npt.NDArray[Any]], float]

# The largest number of classes with a matrix, because the matrix has classes² entries.
MOST_CLASSES = 100


def confusion(outputs: Outputs, error: Error, part: Part, classes: int) -> Array | None:
    """Return the number of rows of `part`, a part of the data, for each pair of true and predicted class, (classes, classes).
    Return None if outputs are not finite.

    The predicted class is the class with the largest output, and among equal outputs the first class. For a single output, the
    predicted class is 1 if the output is positive, else 0. A model without outputs is evaluated by `counted`.
    """
    found = outputs(part.inputs)
    if found is None:
        return counted(error, part, classes)
    if not np.isfinite(found).all():
        return None
    predicted = (found[:, 0] > 0).astype(np.int64) if found.shape[1] == 1 else found.argmax(axis=1)
    pairs = part.targets[:, 0].astype(np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def counted(error: Error, part: Part, classes: int) -> Array | None:
    """Return the confusion matrix of a model that gives only error rates.

    `error(inputs, targets)` returns the share of rows whose predicted class is not their target. With one class as the target
    of all rows, the correct rows are the rows for which the model predicts this class. Return None if a share is not a whole
    number of rows, as with top-k errors.
    """
    labels = part.targets[:, 0].astype(np.int64)
    counts = np.zeros((classes, classes), dtype=np.int64)
    for true in range(classes):
        inputs = part.inputs[labels == true]
        left, targets = len(inputs), np.empty((len(inputs), 1), dtype=part.targets.dtype)
        # The true class is tried first, because it is the predicted class of most rows.
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


def confusions(data: Data, outputs: Outputs, error: Error) -> dict[str, Array]:
    """Return the confusion matrices of the validation rows and of the test rows, by the name of the part of the data. Return {}
    for data without classes or with too many classes.
    """
    classes = len(data.classes)
    if not 0 < classes <= MOST_CLASSES:
        return {}
    parts = {"validation": data.validation, "test": data.test}
    found = {name: confusion(outputs, error, part, classes) for name, part in parts.items() if part is not None}
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
