"""Titles of columns in figures and on the page."""

from sweepgd.record import TRIALS


def column_title(name: str) -> str:
    """Return the title of a column: plain words for a column of `trials`, and for a setting its name as it is typed, such as
    "sign_momentum.beta".
    """
    return name.replace("_", " ") if name in TRIALS.names else name
