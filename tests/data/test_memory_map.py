"""A data set written to files and opened again is the same, memory-mapped and read-only."""

from pathlib import Path

import numpy as np
import pytest
from linear_sweep import sweep

from sweepgd.core.errors import SweepgdError
from sweepgd.data import DataSpec, prepare
from sweepgd.data.memory_map import open_saved, save
from sweepgd.training.sweep_context import SweepContext


@pytest.mark.parametrize("validation", [0.0, 0.25])
def test_round_trip(tmp_path: Path, validation: float) -> None:
    data = prepare(DataSpec(name="synthetic_linear", validation=validation), dtype="float64")
    save(data, tmp_path)
    again = open_saved(tmp_path)
    assert (again.validation is None) == (validation == 0)
    np.testing.assert_array_equal(again.train.inputs, data.train.inputs)
    np.testing.assert_array_equal(again.test.targets, data.test.targets)
    assert (again.fingerprint, again.truth, again.preprocessing) == (data.fingerprint, data.truth, data.preprocessing)
    assert not again.train.inputs.flags.writeable


def test_a_full_disk_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SweepgdError, match="cannot write the data for the workers"):
        SweepContext(sweep()).share(tmp_path / "missing")
