"""The way by which a run came to its minimum: the run trained again, from its recorded configuration and seed."""

import json
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd.configuration import Configuration
from sweepgd.lab import one_blas_thread
from sweepgd.landscape.ground import Ground
from sweepgd.landscape.runs import Run
from sweepgd.problem import Problem
from sweepgd.pruners import RUNGS
from sweepgd.training import Point
from sweepgd.trial import failure


class Path(NamedTuple):
    """The evaluations of a run, and the weights at each of them, (evaluations, parameters)."""

    points: list[Point]
    weights: npt.NDArray[Any]


def path_of(ground: Ground, run: Run) -> Path:
    """The weights of a run at each evaluation up to its recorded minimum, in which they end bit for bit.

    Raises Problem where they do not.
    """
    lab, minimum = ground.lab, ground.minimum(run)
    sweep = lab.sweep
    if sweep.budget.seconds is not None:
        raise Problem("a budget in seconds ends each run elsewhere")
    configuration = Configuration(**json.loads(ground.row(run)["settings"])["configuration"])
    # A pruned run ended at a rung, which is no evaluation of one that went on. A sweep's own points are never pruned.
    rungs = RUNGS[sweep.search.pruner] if run.trial >= len(sweep.points) else ()
    points, weights = [], []
    lab.compile([configuration.optimizer], ground.note)
    try:
        training = lab.training(configuration, run.replicate, rungs)
        with one_blas_thread():
            for point in training.advance():
                ends = training.updates >= minimum.update
                if ends or point is training.points[-1]:
                    points.append(point)
                    weights.append(training.parameters)
                if ends:
                    break
    except (Problem, MemoryError):
        raise
    except Exception as error:
        raise Problem(failure(lab, configuration, error)) from error
    if not np.array_equal(weights[-1], minimum.parameters):
        raise Problem(
            "trained again, it does not end at its recorded weights: the processor, or a version of sweepgd, numba or a plugin,"
            " is another than it was, or a plugin is not deterministic"
        )
    return Path(points, np.array(weights))
