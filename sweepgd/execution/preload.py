"""Modules and kernels that every worker needs.

Only the fork server imports this module, so that forks start quickly: a worker begins its first trial 0.1 s after its start,
instead of 0.6 s without this module.
"""

import gc
import warnings

import scipy.linalg.cython_blas  # noqa: F401
import threadpoolctl  # noqa: F401

import sweepgd.execution.worker_process
import sweepgd.training.trial  # noqa: F401
from sweepgd.kernels import signatures
from sweepgd.training.sweep_context import LOOPS

# Kernels that are not in the cache are compiled by the parent process: several processes at once could corrupt the cache
# (numba#4807).
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the parent process reports it if the cache cannot be written
    for kind, function in LOOPS.items():
        if signatures.is_compiled(kind, function, "float32"):
            signatures.compiled(kind, function, "float32")
gc.freeze()  # otherwise a worker's garbage collector would write to shared memory pages, which copies them
