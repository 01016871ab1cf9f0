"""Ends the process."""

import os

from numba import objmode

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    with objmode():
        os._exit(3)


exiting = Optimizer(
    name="exiting",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
