"""A sweep of three keys, with its space and configurations under overrides."""

from linear_sweep import sweep

from sweepgd.sweep import configuration_of, points_of, space_of

BARE = """
name = "bare"
[data]
name = "synthetic_linear"
[budget]
epochs = 1
"""


def space(*overrides, text=BARE):
    return space_of(sweep(*overrides, text=text))


def axes(*overrides, text=BARE):
    return {axis.name: axis for axis in space(*overrides, text=text).axes}


def points(*lines, sets=()):
    """Return the fixed points of a minimal sweep with one `[[points]]` table for each of `lines`."""
    found = sweep(*sets, text=BARE + "".join(f"\n[[points]]\n{line}\n" for line in lines))
    return points_of(found, space_of(found))


def configurations(*lines, sets=()):
    return [configuration_of(point) for point in points(*lines, sets=sets)]


def grid(*overrides):
    return [configuration_of(point) for point in space(*overrides).grid()]
