"""Losses at many points of parameter space, in threads: the kernels let go of Python's lock."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import isfinite
from queue import SimpleQueue

import numpy as np
import numpy.typing as npt

from sweepgd import registry
from sweepgd.curvature.objective import Objective, subset
from sweepgd.lab import one_blas_thread
from sweepgd.landscape.ground import Ground
from sweepgd.landscape.runs import Run
from sweepgd.processes import cores

Vector = npt.NDArray[np.float64]
Columns = dict[str, list[float | None]]


def parts_of(ground: Ground, run: Run) -> dict[str, int]:
    """The parts that landscapes of a run are taken on, and their rows: training, and test, or where that is none validation."""
    data = ground.data(run)
    parts = {"train": data.train, "test": data.test} if data.test else {"train": data.train, "validation": data.validation}
    return {name: len(part.inputs) for name, part in parts.items() if part is not None}


def evaluated(
    ground: Ground,
    run: Run,
    coordinates: npt.NDArray[np.float64],
    point: Callable[[npt.NDArray[np.float64]], Vector],
    *,
    rows: int | str = "full",
    seed: int = 0,
    workers: int | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Columns:
    """Loss and error on each of `parts_of` at `point(c)` for each row c of `coordinates`, as columns such as "train_loss".

    None stands for a loss beyond the floating-point range, and for the error of a regression. `rows` of each part are used,
    drawn under `seed`; `advance` is called after each point.
    """
    data = ground.data(run)
    parts = {name: subset(getattr(data, name), rows, seed) for name in parts_of(ground, run)}
    workers = min(workers or cores(), len(coordinates))
    free: SimpleQueue[dict[str, Objective]] = SimpleQueue()
    for _ in range(workers):
        free.put({name: Objective(ground.architecture, part) for name, part in parts.items()})

    def measured(coordinate: npt.NDArray[np.float64]) -> list[float | None]:
        objectives = free.get()
        try:
            with np.errstate(over="ignore", invalid="ignore"):  # far out, where a loss is beyond the floating-point range
                theta = point(coordinate)
                values = [value for objective in objectives.values() for value in objective.evaluate(theta)]
        finally:
            free.put(objectives)
        return [value if isfinite(value) else None for value in values]

    measures: list[list[float | None]] = []
    executor = ThreadPoolExecutor(workers)
    try:
        with registry.blamed("models", ground.lab.sweep.model.name), one_blas_thread():
            for values in executor.map(measured, coordinates):
                measures.append(values)
                advance()
    finally:
        executor.shutdown(cancel_futures=True)
    names = [f"{part}_{measure}" for part in parts for measure in ("loss", "error")]
    return dict(zip(names, map(list, zip(*measures, strict=True)), strict=True))
