"""A sweep file as validated, frozen data: its tables, its search space, and how it is read and written.

The space puts its points in an order, and `study` decides which points become trials. Nothing here prepares data or runs a
trial.
"""

from sweepgd.core.bundled_sweeps import bundled
from sweepgd.sweep.fixed_points import points_of
from sweepgd.sweep.inverse import point_of
from sweepgd.sweep.points import configuration_of, space_of
from sweepgd.sweep.spec import Sweep
from sweepgd.sweep.toml_files import (
    changes,
    claims_of,
    copy_of,
    differences,
    load,
    naming,
    parse,
    path_of,
    recorded,
    recorded_claims,
    recorded_table,
    to_toml,
    with_sampler_version,
)

__all__ = [
    "Sweep",
    "bundled",
    "changes",
    "claims_of",
    "configuration_of",
    "copy_of",
    "differences",
    "load",
    "naming",
    "parse",
    "path_of",
    "point_of",
    "points_of",
    "recorded",
    "recorded_claims",
    "recorded_table",
    "space_of",
    "to_toml",
    "with_sampler_version",
]
