"""Data sets: synthetic, bundled and users' files, each made into read-only training, validation and test parts.

Reading files, encoding columns, splitting and standardizing are done here, once for each seed of the data. Mini-batches are
drawn in `training`, and nothing here depends on the model.
"""

from sweepgd.data.contract import Data, Dataset, Part, Table
from sweepgd.data.data_spec import DataSpec
from sweepgd.data.prepare import prepare

__all__ = ["Data", "DataSpec", "Dataset", "Part", "Table", "prepare"]
