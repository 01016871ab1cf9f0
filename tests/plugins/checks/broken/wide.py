"""Writes its slot of one number as if it were a vector."""

from sweepgd.core.layout import SIZE
from sweepgd.optimizers import Optimizer, rate


def slots(layout):
    return {"mean": int(layout[:, SIZE].sum()), "count": 1}


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    for i in range(lo, hi):
        slots[1, i] += 1
        theta[i] -= learning_rate * gradient[i]


wide = Optimizer(
    name="wide",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
    slots=slots,
    elementwise=False,
)
