"""Plugins whose module loads in the command's process and hangs in its workers."""

import time
from dataclasses import replace
from multiprocessing import parent_process

from sweepgd.models.networks import linear
from sweepgd.optimizers.sgd import sgd

if parent_process() is not None:
    time.sleep(600)

sleeper = replace(sgd, name="sleeper")
sleeping = replace(linear, name="sleeping")
