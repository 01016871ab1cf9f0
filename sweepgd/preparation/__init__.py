"""A sweep made ready to run: everything that can be checked before a trial runs, and what it had better be told of."""

from sweepgd.preparation.prepare import Prepared, check_batch_sizes, prepare
from sweepgd.preparation.warnings import warnings_of

__all__ = ["Prepared", "check_batch_sizes", "prepare", "warnings_of"]
