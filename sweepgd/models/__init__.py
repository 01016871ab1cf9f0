"""Models: parameters with a layout table, and kernels for the loss and its derivatives.

This package holds the contract of a model, the built-in networks and the test surfaces. The kernels of the networks are in
`sweepgd.kernels`. No code here draws batches, changes parameters or reads data.
"""

from sweepgd.models.contract import Architecture, Curvature, Model, Shape, build

__all__ = ["Architecture", "Curvature", "Model", "Shape", "build"]
