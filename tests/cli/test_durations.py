"""Durations with units are parsed, and invalid ones are refused."""

import pytest

from sweepgd.cli.durations import seconds
from sweepgd.core.errors import UsageError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("90s", 90.0), ("3h", 10800.0), ("5m", 300.0), ("1.5h", 5400.0), ("2d", 172800.0), ("90", 90.0), (" 3 h ", 10800.0)],
        *[("1h30m", 5400.0), ("1d 2h 3m 4.5s", 93784.5)],
    ],
)
def test_durations_with_units_are_seconds(text, value):
    assert seconds(text, "--timeout") == value


@pytest.mark.parametrize("text", ["", "0", "0s", "-3s", "soon", "90sec", "10ms", "inf", "nan", "1e3", "3h 20", "1h-5m"])
def test_invalid_durations_are_refused(text):
    with pytest.raises(UsageError, match=r"^--timeout .*: give a duration above 0, such as 90s, 5m or 3h$"):
        seconds(text, "--timeout")
