"""Data sets: synthetic, bundled, or users' files, prepared as read-only training, validation and test parts."""

from sweepgd.data.contract import Data, Dataset, Part, Table
from sweepgd.data.prepare import prepare
from sweepgd.data.spec import DataSpec

__all__ = ["Data", "DataSpec", "Dataset", "Part", "Table", "prepare"]
