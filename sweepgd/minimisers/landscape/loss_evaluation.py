"""Losses at many points of parameter space, in chunks that the workers of an engine evaluate."""

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
from sweepgd.training.measure_minimisers import with_model_name
from sweepgd.training.sweep_context import SweepContext

Vector = npt.NDArray[np.float64]
Columns = dict[str, list[float | None]]

# Tasks that a line or a surface is divided into. Each carries two or three vectors of parameters to its worker.
CHUNKS = 100
# The interval between checks for Ctrl-C.
EVENT_SECONDS = 0.1


class Place(Protocol):
    """A line or a plane in parameter space, which can be pickled."""

    def at(self, coordinates: Vector) -> Vector:
        """Return the parameters at a point of it."""


@dataclass(frozen=True)
class Chunk:
    """Some of the points of a line or surface, evaluated on `rows` of each part of a replicate's data, drawn under `seed`."""

    number: int
    point: Place
    coordinates: Vector
    replicate: int
    rows: int | str
    seed: int
    attempt: int = 1


@dataclass(frozen=True)
class Evaluated:
    """The values of a chunk: a row a point, with loss and error on each part; or what was wrong."""

    number: int
    values: list[list[float | None]]
    fault: str
    seconds: float


def run(context: SweepContext, chunk: Chunk, *_: object) -> Evaluated:
    """Evaluate a chunk. What raises is a message; raises MemoryError."""
    begun, values, fault = monotonic(), [], ""
    try:
        with registry.plugin_errors("models", context.sweep.model.name):
            objectives = _objectives(context, chunk.replicate, chunk.rows, chunk.seed)
            for coordinates in chunk.coordinates:
                with np.errstate(over="ignore", invalid="ignore"):  # far out, where a loss is beyond the floating-point range
                    theta = chunk.point.at(coordinates)
                    numbers = [number for objective in objectives for number in objective.evaluate(theta)]
                values.append([number if isfinite(number) else None for number in numbers])
    except SweepgdError as problem:
        if isinstance(problem.__cause__, MemoryError):
            raise problem.__cause__ from None
        fault = str(problem)
    return Evaluated(chunk.number, values, fault, monotonic() - begun)


@lru_cache(1)  # of a worker, whose chunks are of one line or surface for long
def _objectives(context: SweepContext, replicate: int, rows: int | str, seed: int) -> list[Objective]:
    data = context.data(replicate)
    return [
        Objective(context.architecture, subset(getattr(data, name), rows, seed)) for name in _names_of_parts(context, replicate)
    ]


def _names_of_parts(context: SweepContext, replicate: int) -> list[str]:
    """The parts that landscapes are taken on: training, and test, or where that is none validation."""
    data = context.data(replicate)
    names = ["train", "test" if data.test else "validation"]
    return [name for name in names if getattr(data, name) is not None]


def parts_of(landscape: LandscapeContext, run: RunKey) -> dict[str, int]:
    """The parts that landscapes of a run are taken on, and their rows."""
    names = _names_of_parts(landscape.context, run.replicate)
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
    """Loss and error on each of `parts_of` at `point.at(c)` for each row c of `coordinates`, as columns such as "train_loss".

    None stands for a loss beyond the floating-point range, and for the error of a regression. `rows` of each part are used,
    drawn under `seed`; `workers` and `executor` are as in `sweepgd.measure`; `advance` is called for each point. Raises
    SweepgdError where a point cannot be evaluated.
    """
    size = ceil(len(coordinates) / CHUNKS)
    chunks = [
        Chunk(number, point, coordinates[first : first + size], run.replicate, rows, seed)
        for number, first in enumerate(range(0, len(coordinates), size))
    ]
    found: dict[int, list[list[float | None]]] = {}
    for done in _results(landscape, chunks, executor, workers):
        found[done.number] = done.values
        for _ in done.values:
            advance()
    values = [each for number in range(len(chunks)) for each in found[number]]
    names = [f"{part}_{measure}" for part in parts_of(landscape, run) for measure in ("loss", "error")]
    return dict(zip(names, map(list, zip(*values, strict=True)), strict=True))


def _results(landscape: LandscapeContext, chunks: list[Chunk], executor: Any, workers: int | None) -> Iterator[Evaluated]:
    """Yield what comes of chunks, in any order. Raises SweepgdError where one cannot be evaluated."""
    context, waiting = landscape.context, iter(chunks)
    with scratch_folder() as folder:
        work = Work(context.sweep, run, context.share(folder))
        with graceful_stop() as stop, make(work, landscape.options(workers, executor), executor, len(chunks)) as engine:
            following = next(waiting, None)
            while following is not None or engine.busy:
                if stop:
                    engine.drain()
                    raise KeyboardInterrupt
                while following is not None and engine.has_room:
                    engine.submit(following)
                    following = next(waiting, None)
                for event in engine.events(timeout=EVENT_SECONDS):
                    if isinstance(event, Lost):
                        raise SweepgdError(f"a point cannot be evaluated: {with_model_name(context, event.message)}")
                    if event.fault:
                        raise SweepgdError(event.fault)
                    yield event
