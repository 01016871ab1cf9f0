"""What a model is: parameters with a layout, and kernels for its loss and gradient."""

from sweepgd.models.contract import Architecture, Curvature, Model, Shape, build

__all__ = ["Architecture", "Curvature", "Model", "Shape", "build"]
