"""Every example file is read as the expected table or refused with the expected message."""

import numpy as np
import pytest
from data.file_examples import arrays, delimited, parquet, unreadable, with_test_file
from data.file_examples.file_case import FileCase

from sweepgd.core.errors import SweepgdError
from sweepgd.data import DataSpec, prepare

GROUPS = {
    "CSV": (delimited.READ, unreadable.REFUSED),
    "array": (arrays.READ, arrays.REFUSED),
    "Parquet": (parquet.READ, parquet.REFUSED),
    "test file": (with_test_file.READ, with_test_file.REFUSED),
}
READ = {f"{group}: {case.name}": case for group, (read, _) in GROUPS.items() for case in read}
REFUSED = {f"{group}: {case.name}": case for group, (_, refused) in GROUPS.items() for case in refused}


@pytest.fixture(autouse=True)
def _empty_cwd(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def prepared(case: FileCase, tmp_path):
    case.make(tmp_path / case.file)
    keys = {"target": "kind", "task": "classification", "validation": 0, "test": 0, "standardize": False}
    return prepare(DataSpec(path=case.file, **keys | case.asked), dtype="float64")


def test_every_case_has_a_unique_name():
    assert len(READ) + len(REFUSED) == sum(len(read) + len(refused) for read, refused in GROUPS.values()) > 60


@pytest.mark.parametrize("name", READ)
def test_a_file_that_is_read(name, tmp_path):
    case = READ[name]
    data = prepared(case, tmp_path)
    assert data.train.inputs.shape == case.shape
    assert data.classes == case.classes
    if case.features is not None:
        assert data.features == case.features
    if case.first is not None:
        np.testing.assert_array_equal(data.train.inputs[0], case.first)
    assert (None if data.test is None else len(data.test.inputs)) == case.test
    if case.first_test is not None:
        np.testing.assert_array_equal(data.test.inputs[0], case.first_test)
    assert case.notes in "\n".join(data.notes)
    assert bool(case.notes) == bool(data.notes)


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_refused(name, tmp_path):
    with pytest.raises(SweepgdError) as refused:
        prepared(REFUSED[name], tmp_path)
    assert REFUSED[name].line in str(refused.value)
    assert "\n" not in str(refused.value)
