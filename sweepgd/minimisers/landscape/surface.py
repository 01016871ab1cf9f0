"""The loss on a plane through a minimiser, with the optimizer's path on it (Li et al. 2018)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.random_streams import LANDSCAPE, stream
from sweepgd.minimisers.landscape.directions import Plane, parameter_plane, path_plane, random_plane
from sweepgd.minimisers.landscape.landscape_context import LandscapeContext
from sweepgd.minimisers.landscape.landscape_files import table_of
from sweepgd.minimisers.landscape.loss_evaluation import evaluated, parts_of
from sweepgd.minimisers.landscape.optimizer_path import Path, path_of
from sweepgd.minimisers.landscape.run_selection import RunKey

# Around a path that fills the plane, as a share of its longer side.
MARGIN = 0.2
# Fewer points along a side show no shape.
LEAST_RESOLUTION = 5
# A million points, more than a picture has.
MOST_RESOLUTION = 1000
# So far out, even a float64 loss is beyond its range soon.
MOST_EXTENT = 1e100
LOSSES = ("train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error")


@dataclass(frozen=True)
class SurfaceOptions:
    """The options of a surface.

    `directions` is "path", the first two principal components of the optimizer's path, or "random", filter-normalised; the two
    parameters of a model that has no more are the plane itself. `extent` is how far it reaches to each side of the weights;
    None is to fit the path, or 1 where there is none. `rows` of each part are used, drawn by `seed`, as are random directions.
    Raises UsageError for what cannot be.
    """

    directions: str = "path"
    resolution: int = 41
    extent: float | None = None
    rows: int | str = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.directions not in ("path", "random"):
            raise UsageError(f"directions {self.directions!r}: give path or random")
        if not LEAST_RESOLUTION <= self.resolution <= MOST_RESOLUTION:
            raise UsageError(f"resolution {self.resolution}: give from {LEAST_RESOLUTION} to {MOST_RESOLUTION}")
        if self.extent is not None and not 0.0 < self.extent <= MOST_EXTENT:
            raise UsageError(f"extent {self.extent}: give more than 0 and at most {MOST_EXTENT:g}")
        if self.rows != "full" and (isinstance(self.rows, str) or self.rows < 1):
            raise UsageError(f'rows {self.rows!r}: give a whole number of at least 1, or "full"')

    def settings(self, landscape: LandscapeContext, run: RunKey) -> dict[str, object]:
        """All of it as recorded, with the rows that there are. Raises UsageError where the model has no plane."""
        if landscape.architecture.parameters < 2:
            raise UsageError("the model has a single parameter, and no plane to look at: look at a line")
        counts = parts_of(landscape, run)
        used = {part: count if self.rows == "full" else min(int(self.rows), count) for part, count in counts.items()}
        return {"kind": "surface", "runs": [str(run)], **landscape.weights(run), **asdict(self), "rows": used}


def surface(
    landscape: LandscapeContext,
    run: RunKey,
    asked: SurfaceOptions = SurfaceOptions(),
    *,
    workers: int | None = None,
    executor: Any = None,
    advance: Callable[[], None] = lambda: None,
) -> pa.Table:
    """Loss and error on a grid of `resolution`² points of a plane through the weights of `run` (`LandscapeContext.minimum`).

    The table has the columns of LANDSCAPES: rows of kind "surface" by β, then α, then those of kind "path", whose losses are
    those off the plane, as training saw them. Where a path cannot be had, `landscape.note` is told why, and the directions are
    random. Raises SweepgdError where the run has no weights, or no plane.
    """
    minimum = landscape.minimum(run).parameters.astype(np.float64)
    asked_for = asked.settings(landscape, run)
    plane, path = _planned(landscape, run, minimum, asked)
    way = None if path is None else plane.project(path.weights.astype(np.float64))
    alphas, betas = (np.linspace(*side, asked.resolution) for side in _sides(plane.project(minimum), way, asked.extent))
    grid = np.stack(np.meshgrid(alphas, betas), axis=-1).reshape(-1, 2)
    where = {"workers": workers, "executor": executor}
    columns = evaluated(landscape, run, grid, plane, rows=asked.rows, seed=asked.seed, advance=advance, **where)
    settings = asked_for | {"axes": plane.axes, "explained": plane.explained}
    table = table_of("surface", run, {"alpha": grid[:, 0], "beta": grid[:, 1], **columns}, settings)
    if way is None or path is None:
        return table
    seen = {name: [getattr(point, name) for point in path.points] for name in LOSSES}
    seen["update"] = [point.update for point in path.points]
    return pa.concat_tables([table, table_of("path", run, {"alpha": way[:, 0], "beta": way[:, 1], **seen}, settings)])


def _planned(
    landscape: LandscapeContext, run: RunKey, minimum: npt.NDArray[np.float64], asked: SurfaceOptions
) -> tuple[Plane, Path | None]:
    """The plane to look at, and the path on it where it is asked for and can be had."""
    whole = len(minimum) == 2
    if asked.directions == "path":
        try:
            path = path_of(landscape, run)
            return parameter_plane() if whole else path_plane(path.weights.astype(np.float64)), path
        except SweepgdError as problem:
            landscape.note(f"run {run} is drawn without its path{'' if whole else ', on random directions'}: {problem}")
    if whole:
        return parameter_plane(), None
    return random_plane(minimum, landscape.architecture.layout, stream(asked.seed, LANDSCAPE)), None


def _sides(
    centre: npt.NDArray[np.float64], way: npt.NDArray[np.float64] | None, extent: float | None
) -> list[tuple[float, float]]:
    """From where to where α and β go."""
    if extent is None and way is not None and np.ptp(way, axis=0).any():
        margin = MARGIN * np.ptp(way, axis=0).max()
        return [(float(side.min() - margin), float(side.max() + margin)) for side in way.T]
    reach = 1.0 if extent is None else extent
    return [(float(middle - reach), float(middle + reach)) for middle in centre]
