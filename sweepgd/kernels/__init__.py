"""The only package that imports Numba: how kernels are compiled, their signatures, and the kernels of models and training.

Kernels take arrays and numbers, and return numbers or write to arrays. Nothing here imports a sweep, a trial or the registry of
plugins, and the update rules are in `optimizers`.
"""

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.tensors import decay_weights, extent, norm
from sweepgd.kernels.views import block

__all__ = ["block", "decay_weights", "extent", "helper", "norm"]
