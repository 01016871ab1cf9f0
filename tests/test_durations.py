"""Durations as people write them."""

import pytest

from sweepgd.durations import seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [("90s", 90.0), ("3h", 10800.0), ("5m", 300.0), ("1.5h", 5400.0), ("2d", 172800.0), ("90", 90.0), (" 3 h ", 10800.0)],
)
def test_units(text, value):
    assert seconds(text, "--timeout") == value
