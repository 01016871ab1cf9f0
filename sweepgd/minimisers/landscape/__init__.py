"""The loss on the line between two recorded minimisers, and on a plane through a recorded minimiser.

landscape = LandscapeContext("results/quickstart")
small, large = pair(landscape.results.trials)
line(landscape, small, large)  # a pyarrow table
surface(landscape, large, SurfaceOptions(directions="random"))
"""

from sweepgd.minimisers.landscape.landscape_context import LandscapeContext
from sweepgd.minimisers.landscape.landscape_files import LANDSCAPES, load
from sweepgd.minimisers.landscape.line import line
from sweepgd.minimisers.landscape.run_selection import RunKey, best, pair
from sweepgd.minimisers.landscape.surface import SurfaceOptions, surface

__all__ = ["LANDSCAPES", "LandscapeContext", "RunKey", "SurfaceOptions", "best", "line", "load", "pair", "surface"]
