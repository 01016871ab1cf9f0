"""Data sets: synthetic, bundled and users' files, each made into read-only training, validation and test parts."""

from sweepgd.data.contract import Data, Dataset, Part, Table
from sweepgd.data.data_spec import DataSpec
from sweepgd.data.prepare import prepare

__all__ = ["Data", "DataSpec", "Dataset", "Part", "Table", "prepare"]
