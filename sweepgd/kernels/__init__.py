"""The only package that imports Numba.

The package compiles kernels, declares their signatures, and holds the kernels of models and training. Kernels take arrays and
numbers, and return numbers or write to arrays. No module here imports a sweep, a trial or the registry of plugins. The update
rules of optimizers are in `sweepgd.optimizers`.
"""

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.tensors import decay_weights, extent, norm
from sweepgd.kernels.views import block

__all__ = ["block", "decay_weights", "extent", "helper", "norm"]
