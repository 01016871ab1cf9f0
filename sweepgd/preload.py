"""Imported by the fork server alone: the modules and the kernels that every worker needs, so that a worker is a cheap fork.

Measured: a worker begins its first trial 0.1 s after its start instead of 0.6.
"""

import gc
import warnings

import scipy.linalg.cython_blas  # noqa: F401
import threadpoolctl  # noqa: F401

import sweepgd.trial
import sweepgd.worker_process  # noqa: F401
from sweepgd.kernels import signatures
from sweepgd.lab import LOOPS

# Those not in the cache yet are compiled by the process that asks for workers: several at once could spoil it (numba#4807).
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of a cache that cannot be written that process tells
    for kind, function in LOOPS.items():
        if signatures.is_compiled(kind, function, "float32"):
            signatures.compiled(kind, function, "float32")
gc.freeze()  # no worker's collector touches, and so copies, what all of them share
