"""Losses at many points of parameter space. The workers of an engine evaluate the points in chunks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, isfinite
from time import monotonic
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from sweepgd.core.errors import SweepgdError
from sweepgd.core.interrupts import graceful_stop
from sweepgd.curvature.objective import Objective, subset
from sweepgd.execution.choose import Work, make
from sweepgd.execution.scratch_folder import scratch_folder
from sweepgd.execution.worker_handle import Lost
from sweepgd.minimisers.landscape.landscape_context import LandscapeContext
from sweepgd.minimisers.landscape.run_selection import RunKey
from sweepgd.plugins import registry
from sweepgd.sweep.configuration import Configuration
from sweepgd.training.measure_minimisers import with_model_name
from sweepgd.training.sweep_context import SweepContext

Vector = npt.NDArray[np.float64]
Columns = dict[str, list[float | None]]

# The number of tasks for a line or a surface. Each task sends two or three vectors of parameters to its worker.
CHUNKS = 100
# The seconds between checks for Ctrl-C.
EVENT_SECONDS = 0.1


class Place(Protocol):
    """A line or a plane in parameter space. Objects of this type can be pickled."""

    def at(self, coordinates: Vector) -> Vector:
        """Return the parameters at these coordinates."""


@dataclass(frozen=True)
class Chunk:
    """Points of a line or surface that a task evaluates, with the model and the data of a configuration.

    Of each part of the replicate's data, `rows` rows are used, which are drawn with `seed`.
    """

    number: int
    point: Place
    coordinates: Vector
    configuration: Configuration
    replicate: int
    rows: int | str
    seed: int
    attempt: int = 1


@dataclass(frozen=True)
class Evaluated:
    """The values of a chunk, or the message of an error. The values have one row per point, with loss and error on each part of
    the data.
    """

    number: int
    values: list[list[float | None]]
    fault: str
    seconds: float


def run(context: SweepContext, chunk: Chunk, *_: object) -> Evaluated:
    """Evaluate a chunk. After any error except MemoryError, the result is the error's message."""
    begun, values, fault = monotonic(), [], ""
    try:
        with registry.plugin_errors("models", context.sweep.model.name):
            objectives = _objectives(context.of(chunk.configuration), chunk.replicate, chunk.rows, chunk.seed)
            for coordinates in chunk.coordinates:
                # far from the minimiser, a loss may exceed the floating-point range
                with np.errstate(over="ignore", invalid="ignore"):
                    theta = chunk.point.at(coordinates)
                    numbers = [number for objective in objectives for number in objective.evaluate(theta)]
                values.append([number if isfinite(number) else None for number in numbers])
    except SweepgdError as problem:
        if isinstance(problem.__cause__, MemoryError):
            raise problem.__cause__ from None
        fault = str(problem)
    return Evaluated(chunk.number, values, fault, monotonic() - begun)


@lru_cache(1)  # all chunks of a line or surface have the same objectives
def _objectives(context: SweepContext, replicate: int, rows: int | str, seed: int) -> list[Objective]:
    data = context.data(replicate)
    return [
        Objective(context.architecture, subset(getattr(data, name), rows, seed)) for name in _names_of_parts(context, replicate)
    ]


def _names_of_parts(context: SweepContext, replicate: int) -> list[str]:
    """Return the parts of the data for landscapes: train and test, or train and validation if there is no test part."""
    data = context.data(replicate)
    names = ["train", "test" if data.test else "validation"]
    return [name for name in names if getattr(data, name) is not None]


def parts_of(landscape: LandscapeContext, run: RunKey) -> dict[str, int]:
    """Return the parts of the data for the landscapes of a run, with their numbers of rows."""
    names = _names_of_parts(landscape.of(run), run.replicate)
    return {name: len(getattr(landscape.data(run), name).inputs) for name in names}


def evaluated(
    landscape: LandscapeContext,
    run: RunKey,
    coordinates: Vector,
    point: Place,
    *,
    rows: int | str = "full",
    seed: int = 0,
    workers: int | None = None,
    executor: Any = None,
    advance: Callable[[], None] = lambda: None,
) -> Columns:
    """Return columns by name: the loss and the error on each part of the data that `parts_of` returns. The columns have one
    value for each row c of `coordinates`, computed at the parameters `point.at(c)`.

    A loss that exceeds the floating-point range is None. The error of a regression is also None. Of each part, `rows` rows are
    used, which are drawn with `seed`. `workers` and `executor` are as in `sweepgd.measure`. `advance` is called after each
    point. Raises SweepgdError if a point cannot be evaluated.
    """
    size, configuration = ceil(len(coordinates) / CHUNKS), landscape.configuration(run)
    chunks = [
        Chunk(number, point, coordinates[first : first + size], configuration, run.replicate, rows, seed)
        for number, first in enumerate(range(0, len(coordinates), size))
    ]
    by_chunk: dict[int, list[list[float | None]]] = {}
    for result in _results(landscape, chunks, executor, workers):
        by_chunk[result.number] = result.values
        for _ in result.values:
            advance()
    values = [row for number in range(len(chunks)) for row in by_chunk[number]]
    names = [f"{part}_{measure}" for part in parts_of(landscape, run) for measure in ("loss", "error")]
    return dict(zip(names, map(list, zip(*values, strict=True)), strict=True))


def _results(landscape: LandscapeContext, chunks: list[Chunk], executor: Any, workers: int | None) -> Iterator[Evaluated]:
    """Yield the results of the chunks in any order. Raises SweepgdError if a chunk cannot be evaluated."""
    context, waiting = landscape.context, iter(chunks)
    with scratch_folder() as folder:
        work = Work(context.sweep, run, context.share(folder))
        with graceful_stop() as stop, make(work, landscape.options(workers, executor), executor, len(chunks)) as engine:
            next_chunk = next(waiting, None)
            while next_chunk is not None or engine.busy:
                if stop:
                    engine.drain()
                    raise KeyboardInterrupt
                while next_chunk is not None and engine.has_room:
                    engine.submit(next_chunk)
                    next_chunk = next(waiting, None)
                for event in engine.events(timeout=EVENT_SECONDS):
                    if isinstance(event, Lost):
                        raise SweepgdError(f"a point cannot be evaluated: {with_model_name(context, event.message)}")
                    if event.fault:
                        raise SweepgdError(event.fault)
                    yield event
