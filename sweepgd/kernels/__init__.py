"""The only home of Numba: how kernels are compiled, what they are called with, and the kernels of models and training."""

from sweepgd.kernels.policy import helper

__all__ = ["helper"]
