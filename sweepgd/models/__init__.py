"""Models: parameters with a layout table, and kernels for the loss and its derivatives."""

from sweepgd.models.contract import Architecture, Curvature, Model, Shape, build

__all__ = ["Architecture", "Curvature", "Model", "Shape", "build"]
