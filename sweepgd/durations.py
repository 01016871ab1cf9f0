"""Human durations: 90s, 5m, 3h, 2d, or a plain number of seconds."""

import re

from sweepgd.problem import UsageProblem

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(text: str, flag: str) -> float:
    """The seconds that a duration such as "90s" or "1.5h" stands for. Raises UsageProblem, naming the flag."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip())
    if match is None or float(match[1]) == 0:
        raise UsageProblem(f"{flag} {text!r}: give a duration above 0, such as 90s, 5m or 3h")
    return float(match[1]) * _SECONDS[match[2]]
