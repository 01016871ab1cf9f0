"""Splits: every row in one part, shares rounded up, tail as in Keras, class shares kept by stratification."""

import numpy as np
import pytest

from sweepgd.core.errors import SweepgdError
from sweepgd.data.split import split_rows


def split(rows, how="random", validation=0.15, test=0.15, labels=None, seed=0):
    return split_rows(np.arange(rows), labels, how, validation, test, np.random.default_rng(seed))


@pytest.mark.parametrize("how", ["tail", "random", "stratified"])
def test_every_row_is_in_one_part_and_in_order(how):
    labels = np.arange(101) % 3
    parts = split(101, how, labels=labels)
    assert [len(part) for part in parts] == [69, 16, 16]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(101))
    assert all((np.diff(part) > 0).all() for part in parts)


def test_tail_uses_the_last_rows_for_the_test():
    train, validation, test = split(10, "tail", 0.2, 0.3)
    assert (train.tolist(), validation.tolist(), test.tolist()) == ([0, 1, 2, 3, 4], [5, 6], [7, 8, 9])


@pytest.mark.parametrize(("rows", "share"), [(1000, 0.15), (178, 0.15), (150, 0.1), (7, 0.5)])
def test_tail_is_keras_validation_split(rows, share):
    train, validation, test = split(rows, "tail", share, 0.0)
    assert len(train) == int(rows * (1 - share))
    assert len(validation) == rows - len(train)
    assert len(test) == 0


def test_a_share_is_not_rounded_up_by_floating_point():
    assert len(split(100, "tail", 0.07, 0.0)[1]) == 7


def test_test_rows_depend_on_the_seed_and_not_on_the_validation_share():
    assert split(100)[0].tolist() == split(100)[0].tolist() != split(100, seed=1)[0].tolist()
    np.testing.assert_array_equal(split(100, validation=0.3)[2], split(100, validation=0.0)[2])


def test_stratified_keeps_the_shares_of_the_classes():
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    for part in split(1000, "stratified", 0.1, 0.2, labels):
        np.testing.assert_allclose(np.bincount(labels[part]) / len(part), [0.6, 0.3, 0.1])


def test_a_part_with_fewer_rows_than_classes_is_refused():
    with pytest.raises(SweepgdError, match="of 4 classes the smallest has 5, and a part has 2 rows"):
        split(20, "stratified", 0.1, 0.1, np.arange(20) % 4)


def test_no_training_rows_are_refused():
    with pytest.raises(SweepgdError, match="1 rows minus 1 for validation and 0 for the test leaves no training rows"):
        split(1, "tail", 0.5, 0.0)
