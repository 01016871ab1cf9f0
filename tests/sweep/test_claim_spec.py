"""A `[[claims]]` table is refused in one line unless it is complete."""

import re

import pytest
from sweep.minimal_sweep import BARE

from sweepgd.core.errors import UsageError
from sweepgd.sweep import parse, to_toml

pytestmark = pytest.mark.quick

GOOD = 'says = "Larger is worse."\nstatistic = "difference"\nof = "test_error"\nby = "batch_size"\ngroups = [8, 128]\n'


def parsed(claim):
    return parse(BARE + "\n[[claims]]\n" + claim)


def test_a_claim_and_its_defaults_are_written_and_read_again():
    (claim,) = parsed(GOOD + 'where = { optimizer = ["sgd", "adam"], learning_rate = { max = 0.1 } }\n').claims
    assert (claim.relation, claim.threshold, claim.confidence, claim.over) == (">", 0.0, 0.95, "all")
    sweep = parsed(GOOD)
    assert parse(to_toml(sweep)).claims == sweep.claims


def test_a_ratio_is_compared_with_1():
    assert parsed(GOOD.replace("difference", "ratio")).claims[0].threshold == 1.0


RANGE = 'says = "s"\nstatistic = "rate_range"\nby = "batch_size"\ngroups = [128, 8]\n'


def test_a_ratio_of_ranges_of_rates_is_compared_with_1():
    assert parsed(RANGE).claims[0].threshold == 1.0


LAW = 'says = "s"\nstatistic = "critical_batch_size"\nvalue = 40.0\n'


def test_a_law_needs_no_column():
    assert parsed(LAW).claims[0].of is None


BAD = {
    LAW + 'of = "train_loss"\n': "statistic 'critical_batch_size' takes no `of`: remove it",
    LAW.replace("value = 40.0\n", ""): "statistic 'critical_batch_size' needs the expected `value`",
    RANGE + "best = true\n": "`best` is for difference, ratio and ordering",
    RANGE.replace("batch_size", "schedule"): "statistic 'rate_range' compares batch_size or optimizer, and `by` is 'schedule'",
    LAW.replace("critical_batch_size", "boundary_dimension") + 'by = "seed"\n': "statistic 'boundary_dimension' takes no `by`",
    LAW + 'relation = "="\ntolerance = 50.0\n': (
        "a critical_batch_size is always above 0: give a larger value, or a smaller tolerance"
    ),
    GOOD.replace('of = "test_error"\n', ""): "statistic 'difference' needs `of`, the column of its values",
    'statistic = "median"\nsays = "s"\nof = "test_error"\n': "claims[0].statistic = 'median': give 'mean', 'difference', ",
    GOOD + "group = 3\n": "unknown key claims[0].group: did you mean 'groups'?",
    GOOD.replace('says = "Larger is worse."\n', ""): "claims[0].says is missing: add it",
    GOOD.replace('by = "batch_size"\n', ""): "statistic 'difference' needs `by`, the column that it compares",
    GOOD.replace("[8, 128]", "[8]"): "statistic 'difference' needs 2 `groups`",
    GOOD.replace("[8, 128]", "[8, 8]"): "a group occurs twice in [8, 8]",
    GOOD.replace("difference", "slope"): "statistic 'slope' takes no `groups`: use `where`",
    GOOD.replace("difference", "mean"): "statistic 'mean' takes no `by`: remove it, or use `where`",
    GOOD + 'relation = "="\n': 'relation "=" and `tolerance` belong together: give both or neither',
    GOOD + "tolerance = 0.1\n": 'relation "=" and `tolerance` belong together: give both or neither',
    GOOD + "confidence = 1.0\n": "claims[0].confidence = 1.0: must be below 1",
    GOOD.replace("difference", "ordering") + "value = 1.0\n": "statistic 'ordering' takes no relation and no value",
    GOOD.replace("difference", "ratio")
    + "value = 0.0\n": "a ratio is always above 0: give a larger value, or a smaller tolerance",
    'says = "s"\nstatistic = "slope"\nof = "test_loss"\nby = "batch_size"\nbest = true\n': "`best` is for difference,",
    GOOD + "where = { batch_size = { low = 3 } }\n": "unknown key claims[0].where.batch_size.low: known: max, min",
}


@pytest.mark.parametrize("claim", BAD)
def test_an_incomplete_claim_is_refused(claim):
    with pytest.raises(UsageError, match=re.escape(BAD[claim])):
        parsed(claim)
