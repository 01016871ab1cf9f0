"""A rule that fails in many ways while it runs, chosen by its hyperparameter `peril`."""

import ctypes
import gc
import os
import time
from dataclasses import fields
from multiprocessing.connection import Connection

import numpy as np

from sweepgd.core.setting import Setting
from sweepgd.optimizers import Optimizer
from sweepgd.optimizers.sgd import sgd

PERILS = (
    "none", "step raises", "step writes nan", "step hangs", "step segfaults", "step takes memory",
    "raises", "hangs", "segfaults", "exits", "takes memory", "tears a message",
)  # fmt: skip
HELD = []


def update(theta, gradient, slots, layout, hyper, learning_rate, t, lo, hi):
    peril = hyper[0]
    if t == 5:
        if peril == 1:
            raise ValueError("the step\ngives up")
        if peril == 2:
            theta[0] = np.nan
        while peril == 3:
            theta[0] = -theta[0]
        if peril == 4:
            theta[2**44] = 1
        if peril == 5:
            theta[0] = np.empty(2**45)[0]
    eta = theta.dtype.type(learning_rate)
    for i in range(lo, hi):
        theta[i] -= eta * gradient[i]


class Perilous(Optimizer):
    """Fails in Python code too: in the worker, where hyperparameters become the arguments of a kernel."""

    def hyper(self, values):
        match PERILS[int(values["peril"])]:
            case "raises":
                raise RuntimeError("it is [broken]")
            case "hangs":
                time.sleep(600)
            case "segfaults":
                ctypes.string_at(0)
            case "exits":
                os._exit(7)
            case "takes memory":  # 4 TB in pieces that the system grants, since they are never written
                HELD.extend(np.empty(2**28) for _ in range(2000))
                raise RuntimeError("nobody minded")
            case "tears a message":
                for each in gc.get_objects():
                    if isinstance(each, Connection):
                        os.write(each.fileno(), b"torn message of 1953460846 bytes")
                os._exit(9)
        return super().hyper(values)


given = {field.name: getattr(sgd, field.name) for field in fields(Optimizer)}
peril = Setting("peril", 0, "what strikes", low=0, high=len(PERILS) - 1, minimum=0)
perilous = Perilous(**given | {"name": "perilous", "update": update, "hyperparameters": (peril,)})
