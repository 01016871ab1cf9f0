"""The boundary between runs that converge and runs that diverge, on a grid of two hyperparameters, and its dimension."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis.arrow_columns import Floats, floats, has_status
from sweepgd.analysis.recorded_settings import differing_settings
from sweepgd.core.outcome import COMPLETED, DIVERGED

Mask = npt.NDArray[np.bool_]

# Fewer points along an axis give too few sizes of boxes to fit a dimension.
FEWEST_POINTS = 32
FIXED = ("optimizer", "schedule", "batch_schedule", "batch_size")
SCHEMA = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("x", "y")),
        *(pa.field(name, pa.int64()) for name in ("box", "boxes", "columns", "rows", "diverged", "runs")),
        pa.field("dimension", pa.float64()),
        pa.field("replicate", pa.int64()),
    ]
)


class Grid(NamedTuple):
    """A grid of runs: the names and the increasing values of two hyperparameters, and a mask, (y, x), of the runs that
    diverged.
    """

    x: str
    y: str
    x_values: Floats
    y_values: Floats
    diverged: Mask


def boundary(trials: pa.Table) -> pa.Table:
    """Return one row for each replicate and size of boxes, with columns as in SCHEMA. A replicate without a boundary has no
    rows.

    A box is `box` points wide and high, and `boxes` is the number of boxes that hold both completed and diverged runs.
    `dimension` is the exponent D of boxes ∝ box^−D, the same in all rows of a replicate. D is 1 for a smooth curve, and up to 2
    for a curve that fills the plane (Sohl-Dickstein 2024, arXiv 2402.06184).
    """
    found = []
    for replicate, grid in outcome_grids(trials).items():
        sizes, counts = box_counts(grid.diverged)
        rows, columns = grid.diverged.shape
        shared = {"x": grid.x, "y": grid.y, "columns": columns, "rows": rows, "dimension": dimension(sizes, counts)}
        shared |= {"diverged": int(grid.diverged.sum()), "runs": grid.diverged.size, "replicate": replicate}
        pairs = zip(sizes.tolist(), counts.tolist(), strict=True)
        found += [{**shared, "box": box, "boxes": boxes} for box, boxes in pairs]
    return pa.Table.from_pylist(found, schema=SCHEMA)


def outcome_grids(trials: pa.Table) -> dict[int, Grid]:
    """Return the grids by number of replicate. A replicate whose runs all completed or all diverged is left out.

    A grid has at least FEWEST_POINTS learning rates and at least FEWEST_POINTS values of one other hyperparameter. The runs of
    a replicate form no grid if a third hyperparameter differs, if a point is missing or was run twice, or if a run neither
    completed nor diverged. If the runs of any replicate form no grid, the result is empty.
    """
    replicates = pc.unique(trials["replicate"]).to_pylist()
    if trials.num_rows < FEWEST_POINTS**2 * len(replicates) or any(
        pc.count_distinct(trials[name]).as_py() > 1 for name in FIXED
    ):
        return {}
    settings = differing_settings(trials)
    if len(settings) != 1:
        return {}
    ((name, values),) = settings.items()
    if not all(isinstance(value, (int, float)) for value in values):
        return {}
    runs = trials.select(["learning_rate", "status", "replicate"]).append_column(
        "other", pa.array(np.array(values, dtype=np.float64))
    )
    grids = {number: _grid(name, runs.filter(pc.equal(runs["replicate"], number))) for number in sorted(replicates)}
    if None in grids.values():
        return {}
    return {number: grid for number, grid in grids.items() if grid and grid.diverged.any() and not grid.diverged.all()}


def _grid(name: str, runs: pa.Table) -> Grid | None:
    """Return the grid that the runs of a replicate form, or None if the runs form no grid. The column `other` has the values of
    y.
    """
    diverged = has_status(runs, DIVERGED)
    if not (diverged | has_status(runs, COMPLETED)).all():
        return None
    x, columns = np.unique(floats(runs, "learning_rate"), return_inverse=True)
    y, rows = np.unique(floats(runs, "other"), return_inverse=True)
    points, size = np.unique(rows * len(x) + columns), len(x) * len(y)
    if min(len(x), len(y)) < FEWEST_POINTS or len(points) < size or runs.num_rows > size:
        return None
    mask = np.zeros((len(y), len(x)), dtype=bool)
    mask[rows, columns] = diverged
    return Grid("learning_rate", name, x, y, mask)


def box_counts(mask: Mask) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return sizes 1, 2, 4, … of boxes, and the number of boxes in which a mask, (rows, columns), has both values.

    A box includes the first points of the next box, so that a boundary between two boxes lies inside one of them. The largest
    size is an eighth of the shorter side, because larger boxes would be too few.
    """
    sizes = 2 ** np.arange(int(np.log2(min(mask.shape) / 8)) + 1)
    return sizes, np.array([_count(mask, int(size)) for size in sizes])


def dimension(sizes: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> float:
    """Return the exponent D of counts ∝ sizes^−D by least squares in logarithms."""
    return float(-np.polyfit(np.log(sizes), np.log(counts), 1)[0])


def _count(mask: Mask, size: int) -> int:
    # Sums over boxes are differences of sums over all points above and to the left.
    sums = np.pad(mask.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    (top, bottom), (left, right) = (_bounds(points, size) for points in mask.shape)
    diverged = sums[np.ix_(bottom, right)] - sums[np.ix_(top, right)] - sums[np.ix_(bottom, left)] + sums[np.ix_(top, left)]
    return int(((diverged > 0) & (diverged < np.outer(bottom - top, right - left))).sum())


def _bounds(points: int, size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    first = np.arange(0, points, size)
    return first, np.minimum(first + size + 1, points)
