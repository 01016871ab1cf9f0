"""Check that recorded minimisers belong to the present data and model."""

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError
from sweepgd.training.sweep_context import SweepContext


def check_data(context: SweepContext, run: str, replicate: int, fingerprint: str | None) -> None:
    """Raise SweepgdError if the fingerprint of a run's data is not the fingerprint of the context's data. `run` is the run's
    name in the message.
    """
    if fingerprint != context.data(replicate).fingerprint:
        data = context.sweep.data
        raise SweepgdError(
            f"the data of {run} differ from the present data of {data.name or data.path}: restore the data, or the version of "
            "the package that provides them"
        )


def check_layout(context: SweepContext, run: str, layout: npt.ArrayLike, parameters: int) -> None:
    """Raise SweepgdError if the layout of a run's parameters is not the layout of the context's model."""
    architecture = context.architecture
    if not np.array_equal(layout, architecture.layout) or parameters != architecture.recorded:
        raise SweepgdError(
            f"the layout of {run} ({parameters} parameters) is not the layout of model {context.sweep.model.name!r} here:"
            " install the version of the model with which this run was trained"
        )
