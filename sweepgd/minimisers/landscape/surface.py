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

# The margin around the path, as a share of the longer side of the path's rectangle.
MARGIN = 0.2
# The smallest number of points along a side. With fewer points, the shape of a surface cannot be seen.
LEAST_RESOLUTION = 5
# The largest number of points along a side. More than a million points in all exceed the resolution of a picture.
MOST_RESOLUTION = 1000
# The largest extent. A float64 loss would overflow at larger distances.
MOST_EXTENT = 1e100
LOSSES = ("train_loss", "validation_loss", "test_loss", "train_error", "validation_error", "test_error")


@dataclass(frozen=True)
class SurfaceOptions:
    """The options of a surface.

    `directions` is "path", for the first two principal components of the optimizer's path, or "random", for random
    filter-normalised directions. For a model with two parameters, the plane is the whole parameter space. `extent` is the
    distance from the weights to each side of the surface. With None, the extent fits the path, or is 1 without a path. Of each
    part of the data, `rows` rows are used. `seed` determines these rows and the random directions. Raises UsageError for
    invalid values.
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
        """Return the settings to record, with the numbers of rows that are available. Raises UsageError if the model has only
        one parameter.
        """
        if landscape.architecture(run).parameters < 2:
            raise UsageError("the model has a single parameter, but a plane needs two: draw a line")
        counts = parts_of(landscape, run)
        used = {part: count if self.rows == "full" else min(int(self.rows), count) for part, count in counts.items()}
        return {"kind": "surface", "runs": [str(run)], **landscape.weights(run), **asdict(self), "rows": used}


def surface(
    landscape: LandscapeContext,
    run: RunKey,
    options: SurfaceOptions = SurfaceOptions(),
    *,
    workers: int | None = None,
    executor: Any = None,
    advance: Callable[[], None] = lambda: None,
) -> pa.Table:
    """Return loss and error on a grid of `resolution`² points of a plane through the weights of `run`.

    The table has the columns of LANDSCAPES. Rows of kind "surface" come first, sorted by β and then α. Rows of kind "path"
    follow. The losses of the path are the losses during training, and not the losses at the path's projection on the plane.
    `LandscapeContext.minimum` selects the weights. If the path cannot be computed, `landscape.note` receives the reason, and
    the directions are random. Raises SweepgdError if the run has no weights or if no plane can be drawn.
    """
    minimum = landscape.minimum(run).parameters.astype(np.float64)
    recorded = options.settings(landscape, run)
    plane, path = _plane_and_path(landscape, run, minimum, options)
    projected = None if path is None else plane.project(path.weights.astype(np.float64))
    alphas, betas = (
        np.linspace(*side, options.resolution) for side in _sides(plane.project(minimum), projected, options.extent)
    )
    grid = np.stack(np.meshgrid(alphas, betas), axis=-1).reshape(-1, 2)
    where = {"workers": workers, "executor": executor}
    columns = evaluated(landscape, run, grid, plane, rows=options.rows, seed=options.seed, advance=advance, **where)
    settings = recorded | {"axes": plane.axes, "explained": plane.explained}
    table = table_of("surface", run, {"alpha": grid[:, 0], "beta": grid[:, 1], **columns}, settings)
    if projected is None or path is None:
        return table
    path_columns: dict[str, Any] = {name: [getattr(point, name) for point in path.points] for name in (*LOSSES, "update")}
    path_columns |= {"alpha": projected[:, 0], "beta": projected[:, 1]}
    return pa.concat_tables([table, table_of("path", run, path_columns, settings)])


def _plane_and_path(
    landscape: LandscapeContext, run: RunKey, minimum: npt.NDArray[np.float64], options: SurfaceOptions
) -> tuple[Plane, Path | None]:
    """Return the plane, and the path if a path is requested and can be computed."""
    size = landscape.architecture(run).parameters
    two_parameters = len(minimum) == size == 2
    if options.directions == "path":
        try:
            path = path_of(landscape, run)
            return parameter_plane() if two_parameters else path_plane(path.weights.astype(np.float64), size), path
        except SweepgdError as problem:
            landscape.note(
                f"run {run} is drawn without its path{'' if two_parameters else ', along random directions'}: {problem}"
            )
    if two_parameters:
        return parameter_plane(), None
    return random_plane(minimum, landscape.architecture(run).layout, stream(options.seed, LANDSCAPE)), None


def _sides(
    centre: npt.NDArray[np.float64], path: npt.NDArray[np.float64] | None, extent: float | None
) -> list[tuple[float, float]]:
    """Return the ranges of α and β."""
    if extent is None and path is not None and np.ptp(path, axis=0).any():
        margin = MARGIN * np.ptp(path, axis=0).max()
        return [(float(side.min() - margin), float(side.max() + margin)) for side in path.T]
    reach = 1.0 if extent is None else extent
    return [(float(middle - reach), float(middle + reach)) for middle in centre]
