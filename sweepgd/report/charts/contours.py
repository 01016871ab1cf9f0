"""Contour levels of a loss on a plane, and their filled areas as shapes."""

from dataclasses import dataclass
from typing import Any

import contourpy
import numpy as np
import numpy.typing as npt

STEPS = 20
# The levels cover at most this range. Otherwise very high losses at the edge of the plane would leave one colour for the rest.
DECADES = 6.0

Grid = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Levels:
    """Logarithmic steps upward from the loss `low`. Each step multiplies the difference from `floor` by `ratio`."""

    low: float
    floor: float
    ratio: float

    @classmethod
    def over(cls, values: Grid) -> "Levels":
        """Return levels from the lowest to the highest of the finite `values`, or to DECADES decades above the lowest if that
        is less.
        """
        low, high = float(values.min()), float(values.max())
        # Logarithms need positive numbers. If a loss is zero or negative, differences are therefore taken from a floor that is
        # 1/10,000 of the range below the lowest loss.
        floor = 0.0 if low > 0.0 else low - (1e-4 * (high - low) or 1.0)
        span = min(np.log10(high - floor) - np.log10(low - floor), DECADES)
        return cls(low, floor, float(10.0 ** (span / STEPS)))

    @property
    def count(self) -> int:
        """Return the number of levels, which is one if all values are equal."""
        return STEPS if self.ratio > 1.0 else 1

    def loss(self, step: int) -> float:
        """Return the loss at the lower edge of a step."""
        return self.floor + (self.low - self.floor) * self.ratio**step

    def steps(self, values: Grid) -> Grid:
        """Return the number of steps from `low` to each of `values`, at most `count`. NaN also counts as `count` steps."""
        if self.count == 1:
            return np.zeros_like(values)
        steps = np.log((np.nan_to_num(values, nan=np.inf) - self.floor) / (self.low - self.floor)) / np.log(self.ratio)
        return np.clip(steps, 0.0, self.count)


def areas(values: Grid, levels: Levels, side: float) -> list[dict[str, Any]]:
    """Return the area at or above each level as GeoJSON, in pixels of a square with its origin at the top left.

    `values` is (β, α). The areas are drawn from the lowest level upward, each over the previous one, so that there are no gaps.
    """
    x, y = np.linspace(0.0, side, values.shape[1]), np.linspace(side, 0.0, values.shape[0])
    contours = contourpy.contour_generator(x, y, levels.steps(values), fill_type="OuterOffset")
    shapes = []
    for step in range(levels.count):
        # The lowest area must be the whole square, in spite of rounding.
        polygons = zip(*contours.filled(step if step else -1.0, np.inf), strict=True)
        rings = [[ring.round(2).tolist() for ring in np.split(points, offsets[1:-1])] for points, offsets in polygons]
        geometry = {"type": "MultiPolygon", "coordinates": rings}
        shapes.append({"type": "Feature", "geometry": geometry, "step": step})
    return shapes
