"""A column of a test file is what it is in the training file, whatever the test file happens to hold."""

import numpy as np
import pytest

from sweepgd.data.prepare import prepare
from sweepgd.data.spec import DataSpec
from sweepgd.problem import Problem


def prepared(tmp_path, train, test, **settings):
    """The data of two CSV files with a column c, each row's label in turn u and v."""
    for name, cells in (("train.csv", train), ("test.csv", test)):
        lines = [f"{cell},{row},{'uv'[row % 2]}" for row, cell in enumerate(cells)]
        (tmp_path / name).write_text("\n".join(["c,x,label", *lines]) + "\n")
    given = {"target": "label", "task": "classification", "standardize": False, "validation": 0.0} | settings
    return prepare(DataSpec(path=str(tmp_path / "train.csv"), test_path=str(tmp_path / "test.csv"), **given))


def test_text_where_training_has_numbers_is_refused(tmp_path):
    with pytest.raises(Problem, match=r"test\.csv: column 'c'.*'A7', not a number"):
        prepared(tmp_path, [0, 100, 200, 100] * 3, ["A7", 100] * 3, categories="all")


def test_numbers_where_training_has_text_are_levels(tmp_path):
    data = prepared(tmp_path, ["a", "b", "7"] * 4, [7, 7, 7, 7], categories="all")
    assert data.features == ("c=7", "c=a", "c=b", "x")
    np.testing.assert_array_equal(data.test.inputs[:, :3], [[1, 0, 0]] * 4)


def test_a_category_that_no_test_row_has_is_missing(tmp_path):
    data = prepared(tmp_path, ["a", "b", "a", ""] * 3, ["", "", ""], categories="all", missing="most_frequent")
    columns = [data.features.index(name) for name in ("c=a", "c=b")]
    np.testing.assert_array_equal(data.test.inputs[:, columns], [[1, 0]] * 3)


def test_dates_where_training_has_numbers_are_refused(tmp_path):
    with pytest.raises(Problem, match=r"test\.csv: column 'c'"):
        prepared(tmp_path, [1, 2, 3, 4] * 3, ["2020-01-01", "2020-01-02"] * 3, dates="all")
