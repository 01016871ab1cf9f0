"""Newton-Schulz steps, which bring all singular values of a matrix near 1 and keep its singular vectors."""

import numpy as np

from sweepgd.plugin import block, helper

STEPS = 5


@helper
def orthogonalize(x, other, gram, polynomial, rows, columns):
    """Replace the matrix in x[: rows·columns] by a matrix with the same singular vectors, and with singular values of 0.7 to
    1.2.

    The step X ← aX + (bA + cA²)X with A = XXᵀ is made 5 times. `other` is a scratch vector as long as `x`. `gram` and
    `polynomial` are scratch vectors of rows² elements. `rows` must be the smaller side, and the Frobenius norm of X must be at
    most 1.
    """
    real = x.dtype.type
    a, b, c = real(3.4445), real(-4.7750), real(2.0315)
    square, mixed = block(gram, 0, rows, rows), block(polynomial, 0, rows, rows)
    matrix, product = block(x, 0, rows, columns), block(other, 0, rows, columns)
    for _ in range(STEPS):
        np.dot(matrix, matrix.T, square)
        np.dot(square, square, mixed)
        for i in range(rows * rows):
            polynomial[i] = b * gram[i] + c * polynomial[i]
        np.dot(mixed, matrix, product)
        for i in range(rows * columns):
            x[i] = a * x[i] + other[i]
