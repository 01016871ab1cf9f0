"""Groups by optimizer and batch size, apart for different settings of the model."""

import json

import pytest
from study_tables import run, trials

from sweepgd.analysis.batch_size.size_groups import size_groups

pytestmark = pytest.mark.quick


def rows(**columns):
    numbers = iter(range(100))
    return [run(next(numbers), 1.0, batch_size=size, learning_rate=rate, **columns) for size in (8, 32) for rate in (0.1, 0.2)]


def test_one_group_for_each_optimizer_and_batch_size():
    groups = size_groups(trials(*rows()))
    assert [(group.optimizer, group.batch_size, len(group.trials)) for group in groups] == [("sgd", 8, 2), ("sgd", 32, 2)]


def test_widths_have_groups_of_their_own_that_name_them():
    widths = ([32], [128])
    given = [row for width in widths for row in rows(model_settings=json.dumps({"hidden": width}))]
    for number, row in enumerate(given):
        row |= {"trial": number, "config_id": f"c{number}"}
    groups = size_groups(trials(*given))
    assert [(group.optimizer, group.rule, group.batch_size) for group in groups] == [
        ("sgd (model.hidden [128])", "sgd", 8),
        ("sgd (model.hidden [128])", "sgd", 32),
        ("sgd (model.hidden [32])", "sgd", 8),
        ("sgd (model.hidden [32])", "sgd", 32),
    ]
    assert sorted(number for group in groups for number in group.trials) == list(range(8))
