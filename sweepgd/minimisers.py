"""Minimisers measured: rows of the curvature table, each value with the settings that repeat it, or why there is none."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd import registry
from sweepgd.lab import Lab
from sweepgd.measures import UNMEASURED, records_of
from sweepgd.outcome import COMPLETED, PRUNED
from sweepgd.problem import Problem, reason
from sweepgd.record import Finished

WHOLE = (COMPLETED, PRUNED)
"""How a run ends that has a minimiser."""
PATH = "path"
"""What rows say of weights along the way, which are no minimiser's."""

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Minimiser:
    """Weights of one run: `which` is "final", "best", or "path" for those after `update` updates on the way."""

    trial: int
    replicate: int
    which: str
    update: int
    parameters: npt.NDArray[np.floating]


class Wanted(NamedTuple):
    """A measure, and the factor by which the layers are rescaled first."""

    measure: str
    rescaling: float = 1.0


def wanted(lab: Lab) -> list[Wanted]:
    """All that `[measure]` asks for at each minimiser."""
    return [Wanted(name, factor) for name in lab.measure.measures for factor in lab.gauge(0).rescalings]


def minimisers(lab: Lab, finished: Finished) -> Iterator[Minimiser]:
    """What `[measure]` asks for of a configuration's minima: those of runs that ended whole."""
    spec = lab.measure
    whole = {row["replicate"] for row in finished.rows if row["status"] in WHOLE}
    for row in finished.minima:
        if row["replicate"] in whole and row["which"] in spec.which:
            yield Minimiser(row["trial"], row["replicate"], row["which"], row["update"], row["parameters"])


def measurements(lab: Lab, minimiser: Minimiser, wanted: Iterable[Wanted], deadline: float = inf) -> Iterator[Row]:
    """A minimiser's rows of these measures. What raises is a row with a message, and so is what is not done by `deadline`.

    Raises MemoryError, after which nobody knows what its process still holds.
    """
    gauge, initial = lab.gauge(minimiser.replicate), lab.initial(minimiser.replicate)
    for one in wanted:
        try:
            found = gauge.measure(
                minimiser.parameters, initial, names=(one.measure,), rescalings=(one.rescaling,), deadline=deadline
            )
        except MemoryError:
            raise
        except Exception as error:
            why = reason(error)
            yield from unmeasured(lab, minimiser, [one], why if isinstance(error, Problem) else model_accused(lab, why))
            continue
        shared = _shared(lab, minimiser, one)
        for value in found:
            yield shared | {
                "measure": value.measure,
                "value": value.value,
                "error": value.error,
                "rows_error": value.rows_error,
                "message": value.message,
                "seconds": value.seconds,
                "starts": value.starts,
                "grid": value.grid,
                "density": value.density,
            }


def unmeasured(lab: Lab, minimiser: Minimiser, wanted: Iterable[Wanted], why: str) -> Iterator[Row]:
    """The rows of measures that were lost, as with the worker that took them."""
    for one in wanted:
        shared = _shared(lab, minimiser, one)
        for record in records_of(one.measure, lab.measure.settings[one.measure]):
            yield shared | {"measure": record, "message": UNMEASURED + why}


def is_unmeasured(row: Mapping[str, Any]) -> bool:
    """Whether a row says that its measure failed, and may succeed another time."""
    return row["message"] is not None and row["message"].startswith(UNMEASURED)


def settings_text(lab: Lab, replicate: int, name: str) -> str:
    """All that repeats a measure, as JSON with sorted keys: what is recorded with it, and equal for equal measures."""
    return json.dumps(lab.gauge(replicate).settings(name), sort_keys=True)


def _shared(lab: Lab, minimiser: Minimiser, one: Wanted) -> Row:
    return {
        "trial": minimiser.trial,
        "replicate": minimiser.replicate,
        "which": minimiser.which,
        "update": minimiser.update,
        "rows": lab.gauge(minimiser.replicate).objective.rows,
        "training_rows": lab.gauge(minimiser.replicate).training_rows,
        "settings": settings_text(lab, minimiser.replicate, one.measure),
        "rescaling": one.rescaling,
    }


def model_accused(lab: Lab, why: str) -> str:
    """Why a measure was lost, after the model where it is another distribution's: only its code runs in a measure."""
    return registry.accused({"models": lab.sweep.model.name}, why)
