"""What the loss looks like around recorded minimisers: on the line between two of them, and on a plane through one.

ground = Ground("results/quickstart")
small, large = pair(ground.results.trials)
line(ground, small, large)  # a pyarrow table
surface(ground, large, Asked(directions="random"))
"""

from sweepgd.landscape.ground import Ground
from sweepgd.landscape.line import line
from sweepgd.landscape.runs import Run, best, pair
from sweepgd.landscape.surface import Asked, surface
from sweepgd.landscape.tables import LANDSCAPES, load

__all__ = ["LANDSCAPES", "Asked", "Ground", "Run", "best", "line", "load", "pair", "surface"]
