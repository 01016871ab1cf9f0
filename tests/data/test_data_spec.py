"""Contradictory keys of the [data] table are refused in one line."""

import pytest
from pydantic import ValidationError

from sweepgd.core.errors import UsageError
from sweepgd.data import DataSpec
from sweepgd.data.data_spec import dataset_settings

FILE = {"path": "a.csv", "target": "y", "task": "regression"}


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({}, "needs either name"),
        ({"name": "digits", **FILE}, "needs either name"),
        ({"name": "digits", "target": "y"}, r"data\.target is for a file \(data\.path\)"),
        ({"name": "digits", "missing": "mean"}, r"data\.missing is for a file \(data\.path\)"),
        ({"name": "iris", "target": "y"}, "unknown dataset 'iris'"),
        ({**FILE, "target": ["y", "y"]}, "data.target names 'y' twice: remove one"),
        ({**FILE, "inputs": ["x", "x"]}, "data.inputs names 'x' twice"),
        ({**FILE, "inputs": ["x", "y"]}, "'y' is in both data.target and data.inputs"),
        ({**FILE, "inputs": ["x"], "exclude": ["z"]}, "data.inputs and data.exclude contradict each other"),
        ({**FILE, "exclude": "y"}, "'y' is in both data.target and data.exclude"),
        ({**FILE, "categories": ["x"], "dates": ["x"]}, "'x' is in both data.categories and data.dates"),
        ({**FILE, "separator": ";;"}, "data.separator = ';;': give one character"),
        ({**FILE, "decimal": ","}, 'data.decimal = "," needs another data.separator'),
        ({**FILE, "encoding": "latin-one"}, "data.encoding = 'latin-one': give an encoding of Python"),
        ({**FILE, "test_inputs": "x"}, "data.test_inputs is for NPZ files"),
        ({"path": "a.csv", "target": "y"}, "data.path needs data.task"),
        ({"path": "a.csv", "task": "regression"}, "data.path needs data.target"),
        ({**FILE, "target": []}, "data.path needs data.target"),
        ({**FILE, "test_target": "y"}, "data.test_target needs data.test_path"),
        ({**FILE, "standardise": True}, "unknown key data.standardise: did you mean 'standardize'"),
        ({"name": "digits", "validation": 0.5, "test": 0.5}, "leave no training rows"),
    ],
)
def test_contradictions(keys, line):
    with pytest.raises(UsageError, match=line):
        DataSpec(**keys)


@pytest.mark.parametrize(
    "keys", [{"validation": 1.0}, {"test": -0.1}, {"label_noise": 2}, {"subset": 0}, {"seed": -1}, {"split": "head"}]
)
def test_values_out_of_range(keys):
    with pytest.raises(ValidationError):
        DataSpec(name="digits", **keys)


def test_the_test_share_is_ignored_with_a_test_file():
    assert DataSpec(**FILE, test_path="b.csv", validation=0.5, test=0.9).test_path == "b.csv"


def test_settings_of_a_data_set_are_resolved():
    assert dataset_settings(DataSpec(name="moons", rows=50)) == {"rows": 50, "noise": 0.2}
    assert dataset_settings(DataSpec(**FILE)) == {}


def test_is_frozen():
    with pytest.raises(ValidationError):
        DataSpec(name="digits").seed = 3
