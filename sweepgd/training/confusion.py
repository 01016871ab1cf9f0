"""Which classes a trained model takes for which, and the scores that count every class alike."""

from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.data import Data, Part

Array = npt.NDArray[np.int64]
# Of inputs and targets, the share of rows that are misclassified.
Error = Callable[[npt.NDArray[Any], npt.NDArray[Any]], float]

# The matrix has the square of so many numbers, and each class takes an evaluation of its own.
MOST_CLASSES = 100


def confusion(error: Error, part: Part, classes: int) -> Array | None:
    """Rows of a part by their class and by the class that the model takes them for, (classes, classes).

    `error(inputs, targets)` gives the share of rows that are taken for another class than their target. Where all targets
    are replaced by a class, all but the rows taken for that class are wrong, so that any model tells. None where its
    shares are not those of rows, as where several guesses count.
    """
    labels = part.targets[:, 0].astype(np.int64)
    counts = np.zeros((classes, classes), dtype=np.int64)
    for true in range(classes):
        inputs = part.inputs[labels == true]
        left, targets = len(inputs), np.empty((len(inputs), 1), dtype=part.targets.dtype)
        # The class itself first: it is where most rows are, and often all.
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
    """`confusion` of the validation and the test part, as far as there are any; {} without classes, or with too many."""
    classes = len(data.classes)
    if not 0 < classes <= MOST_CLASSES:
        return {}
    parts = {"validation": data.validation, "test": data.test}
    found = {name: confusion(error, part, classes) for name, part in parts.items() if part is not None}
    return {name: counts for name, counts in found.items() if counts is not None}


def balanced_error(counts: Array) -> float:
    """The mean over the classes that there are of the share of their rows that are taken for others."""
    rows = counts.sum(axis=1)
    there = rows > 0
    return float(np.mean(1 - counts.diagonal()[there] / rows[there]))


def macro_f1(counts: Array) -> float:
    """The mean of F1 over the classes that rows are of, or are taken for."""
    total = counts.sum(axis=0) + counts.sum(axis=1)
    there = total > 0
    return float(np.mean(2 * counts.diagonal()[there] / total[there]))
