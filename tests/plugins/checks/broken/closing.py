"""Closes the connection to the kit and never returns."""

import os
from time import sleep

from numba import objmode

from sweepgd.optimizers import Optimizer, rate


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    with objmode():
        os.closerange(3, 256)
        sleep(60)


closing = Optimizer(
    name="closing",
    update=update,
    learning_rate=rate(0.1, 1e-3, 1.0),
    paper="none",
)
