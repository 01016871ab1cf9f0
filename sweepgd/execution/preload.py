"""Modules and kernels that every worker needs.

The fork server imports this module, so that its forks start quickly. A worker then begins its first trial after 0.1 s, instead
of 0.6 s. No other process imports this module.
"""

import gc
import warnings

import scipy.linalg.cython_blas  # noqa: F401
import threadpoolctl  # noqa: F401

import sweepgd.execution.worker_process
import sweepgd.training.trial  # noqa: F401
from sweepgd.kernels import signatures
from sweepgd.training.needed_kernels import LOOPS

# The parent process compiles the kernels that are not in the cache, because several processes that compile at the same time
# could corrupt the cache (numba#4807).
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the parent process reports a cache that cannot be written
    for kind, function in LOOPS.items():
        if signatures.is_compiled(kind, function, "float32"):
            signatures.compiled(kind, function, "float32")
gc.freeze()  # otherwise a worker's garbage collector would write to shared memory pages and so copy the pages
