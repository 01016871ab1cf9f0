"""The only package that imports Numba: how kernels are compiled, their signatures, and the kernels of models and training."""

from sweepgd.kernels.compiling import helper
from sweepgd.kernels.tensors import decay_weights, extent, norm
from sweepgd.kernels.views import block

__all__ = ["block", "decay_weights", "extent", "helper", "norm"]
