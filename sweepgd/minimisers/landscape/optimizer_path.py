"""The way by which a run came to its minimum: the run trained again, from its recorded configuration and seed."""

import json
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError
from sweepgd.execution.pruners import RUNGS
from sweepgd.minimisers.landscape.landscape_context import LandscapeContext
from sweepgd.minimisers.landscape.run_selection import RunKey
from sweepgd.sweep.configuration import Configuration
from sweepgd.training import Evaluation
from sweepgd.training.sweep_context import one_blas_thread
from sweepgd.training.trial import failure


class Path(NamedTuple):
    """The evaluations of a run, and the weights at each of them, (evaluations, parameters)."""

    points: list[Evaluation]
    weights: npt.NDArray[Any]


def path_of(landscape: LandscapeContext, run: RunKey) -> Path:
    """The weights of a run at each evaluation up to its recorded minimum, in which they end bit for bit.

    Raises SweepgdError where they do not.
    """
    context, minimum = landscape.context, landscape.minimum(run)
    sweep = context.sweep
    if sweep.budget.seconds is not None:
        raise SweepgdError("a budget in seconds ends each run elsewhere")
    configuration = Configuration(**json.loads(landscape.row(run)["settings"])["configuration"])
    # A pruned run ended at a rung, which is no evaluation of one that went on. A sweep's own points are never pruned.
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
            "trained again, it does not end at its recorded weights: the processor, or a version of sweepgd, numba or a plugin,"
            " is another than it was, or a plugin is not deterministic"
        )
    return Path(points, np.array(weights))
