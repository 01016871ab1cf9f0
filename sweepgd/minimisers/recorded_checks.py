"""Check that recorded minimisers belong to the present data and model."""

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError
from sweepgd.training.sweep_context import SweepContext


def check_data(context: SweepContext, run: str, replicate: int, fingerprint: str | None) -> None:
    """Raise SweepgdError if the fingerprint of a run's data is not that of the context. `run` names it in the message."""
    if fingerprint != context.data(replicate).fingerprint:
        data = context.sweep.data
        raise SweepgdError(
            f"{run} was trained on other data than {data.name or data.path} gives now: restore the data, or the version of "
            "the package they come from"
        )


def check_layout(context: SweepContext, run: str, layout: npt.ArrayLike, parameters: int) -> None:
    """Raise SweepgdError if the layout of a run's parameters is not that of the context's model."""
    if not np.array_equal(layout, context.architecture.layout):
        raise SweepgdError(
            f"{run} has {parameters} parameters in another layout than model {context.sweep.model.name!r} has here: install the"
            " version that it was trained with"
        )
