"""Measures at minimisers, as rows of the curvature table. A row has a value with its settings, or a message instead of a
value.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError, reason
from sweepgd.core.outcome import COMPLETED, PRUNED
from sweepgd.curvature.catalogue import UNMEASURED, records_of
from sweepgd.plugins import registry
from sweepgd.record import TrialRecord
from sweepgd.training.sweep_context import SweepContext

WHOLE = (COMPLETED, PRUNED)
"""The statuses of runs that have a minimiser."""
PATH = "path"
"""The value of `which` in rows of measures along a run."""

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Minimiser:
    """Weights of one run after `update` updates. `which` is "final", "best", or "path" for weights along the run."""

    trial: int
    replicate: int
    which: str
    update: int
    parameters: npt.NDArray[np.floating]


class MeasureRequest(NamedTuple):
    """A measure to compute, and the factor by which the layers are rescaled before the measure."""

    measure: str
    rescaling: float = 1.0


def wanted(context: SweepContext) -> list[MeasureRequest]:
    """Return all measures that `[measure]` names, each with every rescaling."""
    return [MeasureRequest(name, factor) for name in context.measure.measures for factor in context.measurer(0).rescalings]


def minimisers(context: SweepContext, finished: TrialRecord) -> Iterator[Minimiser]:
    """Yield the recorded minimisers of a trial that `[measure]` selects. Only completed and pruned runs have minimisers."""
    spec = context.measure
    replicates = {row["replicate"] for row in finished.rows if row["status"] in WHOLE}
    for row in finished.minima:
        if row["replicate"] in replicates and row["which"] in spec.which:
            yield Minimiser(row["trial"], row["replicate"], row["which"], row["update"], row["parameters"])


def measurements(
    context: SweepContext, minimiser: Minimiser, wanted: Iterable[MeasureRequest], deadline: float = inf
) -> Iterator[Row]:
    """Yield the rows of these measures at a minimiser.

    If a measure raises or is not done by `deadline`, its row has a message. After a MemoryError, which is raised, the process
    must end, because it may still hold the memory.
    """
    measurer, initial = context.measurer(minimiser.replicate), context.initial(minimiser.replicate)
    for request in wanted:
        try:
            values = measurer.measure(
                minimiser.parameters, initial, names=(request.measure,), rescalings=(request.rescaling,), deadline=deadline
            )
        except MemoryError:
            raise
        except Exception as error:
            why = reason(error)
            yield from unmeasured(
                context, minimiser, [request], why if isinstance(error, SweepgdError) else with_model_name(context, why)
            )
            continue
        shared = _shared(context, minimiser, request)
        for value in values:
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


def unmeasured(context: SweepContext, minimiser: Minimiser, wanted: Iterable[MeasureRequest], why: str) -> Iterator[Row]:
    """Yield the rows of measures that failed or were lost, with the reason as their message."""
    for request in wanted:
        shared = _shared(context, minimiser, request)
        for record in records_of(request.measure, context.measure.settings[request.measure]):
            yield shared | {"measure": record, "message": UNMEASURED + why}


def is_unmeasured(row: Mapping[str, Any]) -> bool:
    """Return True if the measure of a row failed. The next `sweepgd measure` repeats a failed measure."""
    return row["message"] is not None and row["message"].startswith(UNMEASURED)


def settings_text(context: SweepContext, replicate: int, name: str) -> str:
    """Return the settings that reproduce a measure, as JSON with sorted keys, so that equal measures have equal texts."""
    return json.dumps(context.measurer(replicate).settings(name), sort_keys=True)


def _shared(context: SweepContext, minimiser: Minimiser, request: MeasureRequest) -> Row:
    return {
        "trial": minimiser.trial,
        "replicate": minimiser.replicate,
        "which": minimiser.which,
        "update": minimiser.update,
        "rows": context.measurer(minimiser.replicate).objective.rows,
        "training_rows": context.measurer(minimiser.replicate).training_rows,
        "settings": settings_text(context, minimiser.replicate, request.measure),
        "rescaling": request.rescaling,
    }


def with_model_name(context: SweepContext, why: str) -> str:
    """Return the reason why a measure was lost. If the model is a third-party plugin, the reason begins with the model's name.
    Measures run no code of other plugins.
    """
    return registry.with_plugin_names({"models": context.sweep.model.name}, why)
