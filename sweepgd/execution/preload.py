"""Imported only by the fork server: the modules and kernels that every worker needs, so that a fork is cheap.

With this a worker begins its first trial 0.1 s after its start, without it after 0.6 s.
"""

import gc
import warnings

import scipy.linalg.cython_blas  # noqa: F401
import threadpoolctl  # noqa: F401

import sweepgd.execution.worker_process
import sweepgd.training.trial  # noqa: F401
from sweepgd.kernels import signatures
from sweepgd.training.sweep_context import LOOPS

# The parent process compiles kernels that are not in the cache: several processes at once could corrupt it (numba#4807).
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the parent reports a cache that cannot be written
    for kind, function in LOOPS.items():
        if signatures.is_compiled(kind, function, "float32"):
            signatures.compiled(kind, function, "float32")
gc.freeze()  # otherwise a worker's garbage collector would write to, and so copy, shared memory pages
