"""Minimisers measured: rows of the curvature table, each value with the settings that repeat it, or why there is none."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
import numpy.typing as npt

from sweepgd import registry
from sweepgd.lab import Lab
from sweepgd.measures import UNMEASURED, records_of
from sweepgd.outcome import COMPLETED, DIVERGED, PRUNED
from sweepgd.problem import Problem, reason
from sweepgd.record import Finished
from sweepgd.training import Point, Training

WHOLE = (COMPLETED, PRUNED)
"""How a run ends that has a minimiser."""
PATH = "path"
LOOKED_AT = "lambda_max"
"""The measure along training."""

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Minimiser:
    """Weights of one run: `which` is "final", "best", or "path" for those after `update` updates on the way."""

    trial: int
    replicate: int
    which: str
    update: int
    parameters: npt.NDArray[np.floating]


def minimisers(lab: Lab, finished: Finished) -> Iterator[Minimiser]:
    """What `[measure]` asks for of a configuration's minima: those of runs that ended whole."""
    spec = lab.measure
    whole = {row["replicate"] for row in finished.rows if row["status"] in WHOLE}
    for row in finished.minima:
        if row["replicate"] in whole and row["which"] in spec.which:
            yield Minimiser(row["trial"], row["replicate"], row["which"], row["update"], row["parameters"])


def measurements(lab: Lab, minimiser: Minimiser, names: Iterable[str], deadline: float = inf) -> Iterator[Row]:
    """A minimiser's rows of these measures. What raises is a row with a message, and so is what is not begun by `deadline`.

    Raises MemoryError, after which nobody knows what its process still holds.
    """
    gauge, initial = lab.gauge(minimiser.replicate), lab.initial(minimiser.replicate)
    for name in names:
        try:
            found = gauge.measure(minimiser.parameters, initial, names=(name,), deadline=deadline)
        except MemoryError:
            raise
        except Exception as error:
            why = reason(error)
            yield from unmeasured(lab, minimiser, [name], why if isinstance(error, Problem) else model_accused(lab, why))
            continue
        shared = _shared(lab, minimiser, name)
        for one in found:
            yield shared | {
                "measure": one.measure,
                "value": one.value,
                "error": one.error,
                "message": one.message,
                "rescaling": one.rescaling,
                "seconds": one.seconds,
                "grid": one.grid,
                "density": one.density,
            }


def unmeasured(lab: Lab, minimiser: Minimiser, names: Iterable[str], why: str) -> Iterator[Row]:
    """The rows of measures that were lost, as with the worker that took them."""
    for name in names:
        shared = _shared(lab, minimiser, name)
        for factor in rescalings(lab):
            for record in records_of(name, lab.measure.settings[name]):
                yield shared | {"measure": record, "message": UNMEASURED + why, "rescaling": factor}


def is_unmeasured(row: Mapping[str, Any]) -> bool:
    """Whether a row says that its measure failed, and may succeed another time."""
    return row["message"] is not None and row["message"].startswith(UNMEASURED)


def rescalings(lab: Lab) -> list[float]:
    """The factors of the rescalings that are measured: 1 for the weights as trained."""
    factor = lab.measure.rescale
    return [1.0] if factor is None else [1.0, factor]


def settings_text(lab: Lab, replicate: int, name: str) -> str:
    """All that repeats a measure, as JSON with sorted keys: what is recorded with it, and equal for equal measures."""
    return json.dumps(lab.gauge(replicate).settings(name), sort_keys=True)


def looked_at(lab: Lab, trial: int, replicate: int, training: Training, looks: list[Row]) -> Iterator[Point]:
    """Advances a run; adds to `looks` a row of LOOKED_AT at its beginning and every so many epochs, where `[measure]` asks."""
    every = None if lab.sweep.measure is None else lab.sweep.measure.every
    if every is None:
        return training.advance()
    return _looked_at(lab, trial, replicate, training, looks, every)


def _looked_at(lab: Lab, trial: int, replicate: int, training: Training, looks: list[Row], every: int) -> Iterator[Point]:
    for point in training.advance():
        if point.epoch % every == 0.0 and (training.outcome is None or training.outcome.status != DIVERGED):
            here = Minimiser(trial, replicate, PATH, point.update, training.parameters)
            looks.extend(measurements(lab, here, [LOOKED_AT], training.deadline))
        yield point


def _shared(lab: Lab, minimiser: Minimiser, name: str) -> Row:
    return {
        "trial": minimiser.trial,
        "replicate": minimiser.replicate,
        "which": minimiser.which,
        "update": minimiser.update,
        "rows": lab.gauge(minimiser.replicate).objective.rows,
        "settings": settings_text(lab, minimiser.replicate, name),
    }


def model_accused(lab: Lab, why: str) -> str:
    """Why a measure was lost, after the model where it is another distribution's: only its code runs in a measure."""
    return registry.accused({"models": lab.sweep.model.name}, why)
