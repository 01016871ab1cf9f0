"""A column of a test file has the kind that it has in the training file."""

import numpy as np
import pytest

from sweepgd.core.errors import SweepgdError
from sweepgd.data.data_spec import DataSpec
from sweepgd.data.prepare import prepare


def prepared(tmp_path, train, test, **settings):
    """Return the data of two CSV files with a column c and the labels u and v in turn."""
    for name, cells in (("train.csv", train), ("test.csv", test)):
        lines = [f"{cell},{row},{'uv'[row % 2]}" for row, cell in enumerate(cells)]
        (tmp_path / name).write_text("\n".join(["c,x,label", *lines]) + "\n")
    given = {"target": "label", "task": "classification", "standardize": False, "validation": 0.0} | settings
    return prepare(DataSpec(path=str(tmp_path / "train.csv"), test_path=str(tmp_path / "test.csv"), **given))


def test_text_in_a_column_of_numbers_is_refused(tmp_path):
    with pytest.raises(SweepgdError, match=r"test\.csv: column 'c'.*'A7', not a number"):
        prepared(tmp_path, [0, 100, 200, 100] * 3, ["A7", 100] * 3, categories="all")


def test_numbers_in_a_column_of_text_are_levels(tmp_path):
    data = prepared(tmp_path, ["a", "b", "7"] * 4, [7, 7, 7, 7], categories="all")
    assert data.features == ("c=7", "c=a", "c=b", "x")
    np.testing.assert_array_equal(data.test.inputs[:, :3], [[1, 0, 0]] * 4)


def test_a_category_missing_in_all_test_rows_is_filled_in(tmp_path):
    data = prepared(tmp_path, ["a", "b", "a", ""] * 3, ["", "", ""], categories="all", missing="most_frequent")
    columns = [data.features.index(name) for name in ("c=a", "c=b")]
    np.testing.assert_array_equal(data.test.inputs[:, columns], [[1, 0]] * 3)


def test_dates_in_a_column_of_numbers_are_refused(tmp_path):
    with pytest.raises(SweepgdError, match=r"test\.csv: column 'c'"):
        prepared(tmp_path, [1, 2, 3, 4] * 3, ["2020-01-01", "2020-01-02"] * 3, dates="all")
