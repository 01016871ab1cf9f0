"""Sweeps: the sweep file read from TOML and validated into frozen classes, and the space that it searches."""

from sweepgd.sweep.files import bundled, changes, copy_of, differences, load, parse, recorded, to_toml, with_sampler_version
from sweepgd.sweep.inverse import point_of
from sweepgd.sweep.points import configuration_of, points_of, space_of
from sweepgd.sweep.spec import Sweep

__all__ = [
    "Sweep",
    "bundled",
    "changes",
    "configuration_of",
    "copy_of",
    "differences",
    "load",
    "parse",
    "point_of",
    "points_of",
    "recorded",
    "space_of",
    "to_toml",
    "with_sampler_version",
]
