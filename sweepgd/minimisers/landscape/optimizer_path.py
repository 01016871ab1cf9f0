"""The optimizer's path to a minimum. To find the path, the run is trained again from its recorded configuration and seed."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError
from sweepgd.execution.pruners import RUNGS
from sweepgd.minimisers.landscape.landscape_context import LandscapeContext
from sweepgd.minimisers.landscape.run_selection import RunKey
from sweepgd.minimisers.recorded_contexts import recorded_configuration
from sweepgd.training import Evaluation
from sweepgd.training.blas_threads import one_blas_thread
from sweepgd.training.trial import failure


class Path(NamedTuple):
    """The evaluations of a run, and the weights at each evaluation, of shape (evaluations, parameters)."""

    points: list[Evaluation]
    weights: npt.NDArray[Any]


def path_of(landscape: LandscapeContext, run: RunKey) -> Path:
    """Return the evaluations of a run up to its recorded minimum, with the weights at each evaluation.

    Raises SweepgdError if the last weights are not bitwise equal to the recorded weights.
    """
    context, minimum = landscape.of(run), landscape.minimum(run)
    sweep = context.sweep
    if sweep.budget.seconds is not None:
        raise SweepgdError("a run with a budget in seconds cannot be repeated exactly")
    configuration = recorded_configuration(landscape.row(run)["settings"])
    # A pruned run ended at a rung, where a run without pruning has no evaluation. Fixed points are never pruned.
    rungs = RUNGS[sweep.search.pruner] if run.trial >= len(sweep.points) else ()
    points, weights = [], []
    context.compile([configuration.optimizer], landscape.note)
    try:
        training = context.training(configuration, run.replicate, rungs)
        with one_blas_thread():
            for point in training.advance():
                ends = training.updates >= minimum.update
                if ends or point is training.points[-1]:
                    points.append(point)
                    weights.append(training.parameters)
                if ends:
                    break
    except (SweepgdError, MemoryError):
        raise
    except Exception as error:
        raise SweepgdError(failure(context, configuration, error)) from error
    if not np.array_equal(weights[-1], minimum.parameters):
        raise SweepgdError(
            "the repeated run does not end at the recorded weights: the processor or the version of sweepgd, numba or a plugin"
            " has changed, or a plugin is not deterministic"
        )
    return Path(points, np.array(weights))
