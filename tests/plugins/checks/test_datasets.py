"""The checks of data sets: each broken data set fails its check, and all data sets of sweepgd pass."""

import numpy as np
import pytest
from optional_data import skipped_without_data

from sweepgd.core.setting import Setting
from sweepgd.data import Dataset, Table
from sweepgd.plugins import registry
from sweepgd.plugins.checks.datasets import CHECKS, table
from sweepgd.plugins.checks.finding import Flaw

KEPT = Table(np.ones((4, 2)), np.arange(4.0)[:, None], ("a", "b"))


def dataset(load, task="regression", settings=()):
    return Dataset("made", task, load, settings, "", "")


def of(inputs=None, targets=None, features=("a", "b"), **others):
    """Return a load function that returns one table."""
    x = np.arange(8.0).reshape(4, 2) if inputs is None else inputs
    return lambda rng: Table(x.copy(), np.arange(4.0)[:, None] if targets is None else targets, features, **others)


def first_flaw(made):
    for name, check in {"table": table, **CHECKS}.items():
        try:
            check(made)
        except Flaw as flaw:
            return name, str(flaw)
    return None


def drawn(rng, rows=10):
    return Table(np.random.normal(size=(rows, 1)), np.zeros((rows, 1)), ("a",))  # noqa: NPY002


def sized(rng, rows):
    return Table(np.ones((rows, 1)), np.ones((rows, 1)), ("a",))


LABELS = np.array([[0.0], [1.0], [2.0], [1.0]])
BROKEN = {
    "task": (dataset(of(), task="ranking"), "table", "its task is 'ranking'"),
    "list": (dataset(lambda rng: [1, 2]), "table", "the table is a list"),
    "flat": (dataset(of(targets=np.arange(4.0))), "table", "targets of shape (4,): give a 2-D array"),
    "texts": (dataset(of(inputs=np.full((4, 2), "x"))), "table", "inputs of type <U1"),
    "names": (dataset(of(features=("a",))), "table", "names 1 features for 2 columns"),
    "lengths": (dataset(of(targets=np.ones((3, 1)))), "table", "4 rows of inputs but 3 of targets"),
    "nan": (dataset(of(inputs=np.array([[1, 2], [3, np.nan], [5, 6], [7, 8.0]]))), "table", "column 'b', row 2 is nan"),
    "label": (dataset(of(targets=LABELS, classes=("x", "y")), "classification"), "table", "a label is not one of 0 to 1"),
    "one": (dataset(of(targets=0 * LABELS, classes=("x", "y")), "classification"), "table", "every row is of class 'x'"),
    "unnamed": (dataset(of(targets=LABELS), "classification"), "table", "1 target columns and 0 classes"),
    "named": (dataset(of(classes=("x", "y"))), "table", "names 2 classes, but its task is regression"),
    "test": (dataset(of(test=Table(np.ones((2, 3)), np.ones((2, 1)), ("a", "b")))), "table", "its test set names 2 features"),
    "global": (dataset(drawn), "deterministic", "two calls with the same seed give different tables: draw only from `rng`"),
    "kept": (dataset(lambda rng: KEPT), "fresh", "`load` returned the same arrays twice"),
    "ends": (dataset(sized, settings=(Setting("rows", 10, "", low=0, high=20),)), "ends", "with rows = 0, the table: no rows"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_data_set(name):
    made, check, words = BROKEN[name]
    found = first_flaw(made)
    assert found is not None
    assert found[0] == check
    assert words in found[1]


@pytest.mark.parametrize("name", registry.names("datasets"))
def test_a_data_set_of_sweepgd_passes(name):
    dataset = registry.get("datasets", name)
    if any(setting.name == "folder" and not setting.default for setting in dataset.settings):
        pytest.skip("it would be downloaded")
    with skipped_without_data():
        assert first_flaw(dataset) is None
