"""Synthetic data sets, bundled data sets and users' files.

Each data set becomes read-only training, validation and test parts. This package reads files, encodes columns, splits rows and
standardizes values, once for each seed of the data. Mini-batches are drawn in `training`. Nothing here depends on the model,
except that bytes stay bytes for a model that reads bytes.
"""

from sweepgd.data.contract import Data, Dataset, Part, Table
from sweepgd.data.data_spec import DataSpec
from sweepgd.data.prepare import prepare

__all__ = ["Data", "DataSpec", "Dataset", "Part", "Table", "prepare"]
