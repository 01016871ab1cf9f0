"""Sampling probabilities of training rows from class weights."""

import numpy as np

from sweepgd.core.errors import UsageError, nearest
from sweepgd.data.contract import Array, Data
from sweepgd.data.data_spec import DataSpec


def row_weights(spec: DataSpec, data: Data) -> Array | None:
    """Return the sampling probability of each training row, (rows,), or None if `spec` has no class weights.

    "balanced" weights each class by the inverse of its row count, like scikit-learn. Raises UsageError for an unknown
    class.
    """
    if spec.class_weights is None:
        return None
    labels = data.train.targets[:, 0].astype(np.int64)
    if spec.class_weights == "balanced":
        weights = 1 / np.maximum(np.bincount(labels, minlength=len(data.classes)), 1)
    else:
        for name in spec.class_weights:
            if name not in data.classes:
                raise UsageError(f"data.class_weights.{name}: {data.name} has no such class: {nearest(name, data.classes)}")
        weights = np.array([spec.class_weights.get(name, 1.0) for name in data.classes])
    each = weights[labels]
    return each / each.sum()
