"""Contour levels of a loss on a plane, and the filled areas between them as shapes to draw."""

from dataclasses import dataclass
from typing import Any

import contourpy
import numpy as np
import numpy.typing as npt

STEPS = 20
# Wider, and one cliff at the edge leaves a single colour to all else.
DECADES = 6.0

Grid = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Levels:
    """STEPS logarithmic steps upward from the loss `low`, in which losses count from `floor`: `ratio` is that of two steps."""

    low: float
    floor: float
    ratio: float

    @classmethod
    def over(cls, values: Grid) -> "Levels":
        """Levels from the lowest of finite `values` to their highest, or DECADES above it: what is higher is clipped."""
        low, high = float(values.min()), float(values.max())
        # Where a loss touches zero or crosses it, what counts is how far above its lowest value it is, told apart down to a
        # 10,000th of the whole height.
        floor = 0.0 if low > 0.0 else low - (1e-4 * (high - low) or 1.0)
        span = min(np.log10(high - floor) - np.log10(low - floor), DECADES)
        return cls(low, floor, float(10.0 ** (span / STEPS)))

    @property
    def count(self) -> int:
        """How many levels there are: one where all values are equal."""
        return STEPS if self.ratio > 1.0 else 1

    def loss(self, step: int) -> float:
        """The loss at the lower edge of a step."""
        return self.floor + (self.low - self.floor) * self.ratio**step

    def steps(self, values: Grid) -> Grid:
        """How many steps up each of `values` is, at most `count`; NaN, beyond the floating-point range, is as high."""
        if self.count == 1:
            return np.zeros_like(values)
        steps = np.log((np.nan_to_num(values, nan=np.inf) - self.floor) / (self.low - self.floor)) / np.log(self.ratio)
        return np.clip(steps, 0.0, self.count)


def areas(values: Grid, levels: Levels, side: float) -> list[dict[str, Any]]:
    """What is at or above each level, as GeoJSON in pixels of a square with its origin at the top left.

    `values` is (β, α). Drawn one over the other, from the lowest level up, they leave no seams.
    """
    x, y = np.linspace(0.0, side, values.shape[1]), np.linspace(side, 0.0, values.shape[0])
    contours = contourpy.contour_generator(x, y, levels.steps(values), fill_type="OuterOffset")
    shapes = []
    for step in range(levels.count):
        # The lowest is the whole square, whatever rounding says.
        polygons = zip(*contours.filled(step if step else -1.0, np.inf), strict=True)
        rings = [[ring.round(2).tolist() for ring in np.split(points, offsets[1:-1])] for points, offsets in polygons]
        geometry = {"type": "MultiPolygon", "coordinates": rings}
        shapes.append({"type": "Feature", "geometry": geometry, "step": step})
    return shapes
