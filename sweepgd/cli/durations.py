"""Durations as users write them: 90s, 5m, 1h30m, 2d, or a number of seconds."""

import re

from sweepgd.core.errors import UsageError

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = r"\d+(?:\.\d+)?"


def seconds(text: str, flag: str) -> float:
    """Return the seconds of a duration such as "90s" or "1h30m". If the duration is invalid, raise a UsageError that names
    `flag`.
    """
    if re.fullmatch(_NUMBER, text.strip()):
        value = float(text)
    elif re.fullmatch(rf"(?:\s*{_NUMBER}\s*[smhd]\s*)+", text):
        value = sum(float(number) * _SECONDS[unit] for number, unit in re.findall(rf"({_NUMBER})\s*([smhd])", text))
    else:
        value = 0.0
    if not value:
        raise UsageError(f"{flag} {text!r}: give a duration above 0, such as 90s, 5m or 3h")
    return value
