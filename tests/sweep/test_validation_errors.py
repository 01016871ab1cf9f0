"""Every wrong value in a sweep file gets a message in sweepgd's words, not in pydantic's."""

from datetime import date

import pytest
from linear_sweep import sweep

from sweepgd.core.errors import UsageError
from sweepgd.sweep.reference import TABLES
from sweepgd.sweep.spec import Sweep
from sweepgd.sweep.toml_files import validate

WRONG = ("x", "", 3, -1, 2.5, 1e300, True, [], [[8]], [True], {}, {"low": "x"}, {"x": "y"}, {"x": {"y": "z"}}, date(2020, 1, 1))
RAW = ("Input should", "should match", "valid ", "pydantic", "type=", "items after validation", "should have", "Value error")
FIELDS = [("", name) for name in Sweep.model_fields] + [
    (table, name) for table, kind in TABLES.items() for name in kind.model_fields
]


def message_for(value, table, key):
    """Return the message for a sweep with this value of a key, empty if it is valid."""
    base = sweep().model_dump(exclude_none=True)
    if not table:
        given = base | {key: value}
    elif table in ("points", "claims"):
        given = base | {table: [{key: value}]}
    else:
        given = base | {table: base.get(table, {}) | {key: value}}
    try:
        validate(given)
    except UsageError as problem:
        return str(problem)
    return ""


@pytest.mark.parametrize(("table", "key"), FIELDS)
def test_no_message_is_pydantics_own(table, key):
    for value in WRONG:
        message = message_for(value, table, key)
        assert not any(text in message for text in RAW), (value, message)
        assert "\n" not in message


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("budget.stop_at='low'", "budget.stop_at = 'low': give a number"),
        ("data.standardize=1", "data.standardize = 1: give true or false or 'channels'"),
        ("search.sampler=3", "search.sampler = 3: give text in quotes"),
        ("data.label_noise=1.5", "data.label_noise = 1.5: must be at most 1"),
        ("budget.divergence=1", "budget.divergence = 1: must be above 1"),
        ("search.seed=[1]", "search.seed = [1]: give a single value"),
        ("data.shuffle='always'", "data.shuffle = 'always': give 'epoch', 'once' or 'never'"),
        ("data.class_weights=3", "data.class_weights = 3: give 'balanced' or a table"),
        ("claims=[{says='',statistic='mean'}]", "claims[0].says is empty: give a text"),
        ("data.class_weights={a='b'}", "data.class_weights.a = 'b': give a number"),
        ("points=[{batch_size='all'}]", "points[0].batch_size = 'all': give a whole number or 'full'"),
        ("points=[8]", "points[0] must be a table: write it as {key = value}"),
        ("search={replicates=0,generation=0}", "search.replicates = 0: must be above 0 (and 1 more)"),
    ],
)
def test_each_kind_of_error(override, message):
    with pytest.raises(UsageError) as problem:
        sweep(override)
    assert str(problem.value) == f"sweep: {message}"
