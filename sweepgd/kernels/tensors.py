"""Operations on single tensors for optimizers: a tensor's range, its norm, and decoupled weight decay."""

import numpy as np

from sweepgd.core.layout import KIND, OFFSET, SIZE, WEIGHT
from sweepgd.kernels.compiling import helper


@helper
def extent(layout, row):
    """Return (start, stop) of the tensor in a row of the layout.

    Both numbers are unsigned, because Numba's check for negative indices would prevent vectorization, and loops would be 4
    times slower.
    """
    start = np.uint64(layout[row, OFFSET])
    return start, start + np.uint64(layout[row, SIZE])


@helper
def norm(vector, start, stop):
    """Return the Euclidean norm of vector[start:stop]. The sum is computed in float64, because squares of float32 numbers above
    2e19 overflow.
    """
    square = 0.0
    for i in range(start, stop):
        square += np.float64(vector[i]) * np.float64(vector[i])
    return np.sqrt(square)


@helper
def decay_weights(theta, layout, factor, lo, hi):
    """θ ← factor·θ for the weights in [lo, hi). Biases and scales do not change."""
    factor = theta.dtype.type(factor)
    for row in range(layout.shape[0]):
        if layout[row, KIND] == WEIGHT:
            start, stop = extent(layout, row)
            for i in range(max(np.uint64(lo), start), min(np.uint64(hi), stop)):
                theta[i] *= factor
