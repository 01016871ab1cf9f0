"""Muon: momentum whose weight matrices are made nearly orthogonal before the step."""

import numpy as np

from sweepgd.kernels import helper
from sweepgd.layout import DIM0, DIM1, KIND, OFFSET, SIZE, WEIGHT
from sweepgd.optimizers.contract import Optimizer, rate
from sweepgd.setting import Setting


@helper
def orthogonalized(matrix):
    """A matrix with the singular vectors of `matrix` and singular values near 1, by 5 Newton-Schulz steps."""
    real = matrix.dtype.type
    a, b, c = real(3.4445), real(-4.7750), real(2.0315)
    norm = np.sqrt(np.sum(matrix * matrix))
    x = matrix / norm if norm > 0 else matrix.copy()
    for _ in range(5):
        square = np.dot(x, x.T)
        x = a * x + np.dot(b * square + c * np.dot(square, square), x)
    return x


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    """v ← βv + g; θ ← θ − η·√max(1, columns/rows)·orthogonalized(v) a weight matrix, and θ ← θ − ηv for biases."""
    eta, beta = theta.dtype.type(learning_rate), theta.dtype.type(hyper[0])
    v = slots[0]
    for i in range(theta.size):
        v[i] = beta * v[i] + gradient[i]
    for row in range(layout.shape[0]):
        start, stop = layout[row, OFFSET], layout[row, OFFSET] + layout[row, SIZE]
        if layout[row, KIND] == WEIGHT:
            rows, columns = layout[row, DIM0], layout[row, DIM1]
            step = orthogonalized(v[start:stop].reshape(rows, columns))
            scale = eta * theta.dtype.type(np.sqrt(max(1.0, columns / rows)))
            theta[start:stop] -= scale * step.reshape(step.size)
        else:
            theta[start:stop] -= eta * v[start:stop]


muon = Optimizer(
    name="muon",
    update=update,
    learning_rate=rate(0.02, 1e-3, 0.1),
    paper="Jordan 2024, Muon: An optimizer for hidden layers in neural networks, without Nesterov's look ahead",
    hyperparameters=(Setting("beta", 0.95, "share of the velocity that is kept", minimum=0.0, maximum=1.0, open_maximum=True),),
    slots=("velocity",),
    elementwise=False,
)
