"""The buffers of a model: untrained numbers that its kernels read and write, such as running statistics.

The buffers that do not come from the data belong to the weights. They are recorded after the parameters, in the same vector of
length `Architecture.recorded`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd.core.aligned_arrays import aligned
from sweepgd.models.contract import Architecture

Array = npt.NDArray[Any]


def initial_buffers(architecture: Architecture, dtype: str, scaling: Array | None = None) -> Array:
    """Return the buffers at the start of a run, (buffers,). `scaling` are the numbers that come from the data, (normalizing,),
    which data have whose inputs are bytes.
    """
    buffers = aligned((architecture.buffers,), dtype)
    if architecture.initial_buffers is not None:
        buffers[architecture.normalizing :] = architecture.initial_buffers
    if architecture.normalizing and scaling is not None:
        buffers[: architecture.normalizing] = scaling
    return buffers


def joined(architecture: Architecture, parameters: Array, buffers: Array) -> Array:
    """Return a copy of the parameters, followed by the buffers that are recorded, (recorded,)."""
    return np.concatenate((parameters, buffers[architecture.normalizing :]))


def parameters_in(architecture: Architecture, vector: Array, buffers: Array) -> Array:
    """Return the parameters in a vector of parameters, (parameters,), or of parameters and buffers, (recorded,). In the second
    case, write its buffers to `buffers`.
    """
    size = architecture.parameters
    if len(vector) != size:
        buffers[architecture.normalizing :] = vector[size:]
    return vector[:size]
