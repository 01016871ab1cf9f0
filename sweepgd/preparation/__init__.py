"""Prepare a sweep: all checks that are possible before a trial runs, and warnings about settings without effect."""

from sweepgd.preparation.prepare import Prepared, check_batch_sizes, prepare
from sweepgd.preparation.warnings import warnings_of

__all__ = ["Prepared", "check_batch_sizes", "prepare", "warnings_of"]
