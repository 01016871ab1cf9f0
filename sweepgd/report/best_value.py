"""The objective of the best configuration in words, the same on the first screen and on the page."""

from typing import NamedTuple

from sweepgd.analysis.selection import FEWEST_REPLICATES, interval_on_others, t_interval
from sweepgd.report.number_format import percent, significant
from sweepgd.report.question_table import Row


class BestValue(NamedTuple):
    """The objective with its unit, the 95 % interval such as "0.1 to 0.2" ("" if there is none), and a phrase on both.

    `chosen` is the mean for which the configuration was chosen, or "" if the objective is this mean.
    """

    number: str
    interval: str
    about: str
    chosen: str = ""


def best_value(row: Row, name: str) -> BestValue:
    """Return the objective of a row of `analysis.best`, whose name is `name`.

    It is the mean on replicates that did not select the configuration, because the lowest of several means is biased downward
    (see `sweepgd.analysis.selection`). Without such replicates, it is the lowest mean, and the phrase says so.
    """
    text, unit = (percent, " %") if name.endswith("error") else (significant, "")
    mean, error, chosen = row["objective"], row["objective_se"], ""
    ends = interval_on_others(row)
    if row["lowest_of"] < 2:
        ends = None if error is None or row["completed"] < FEWEST_REPLICATES else t_interval(mean, error, row["completed"])
        about = "of the only complete configuration"
    elif ends is None:
        about = f"the lowest of {row['lowest_of']:,}, so biased low"
    else:
        chosen = text(mean) + unit
        about = f"an honest estimate; its mean is {chosen}, the lowest of {row['lowest_of']:,}, but it was chosen for that"
        mean = row["objective_on_others"]
    if ends is None:
        about += f"; an interval needs {FEWEST_REPLICATES} replicates or more"
    return BestValue(text(mean) + unit, "" if ends is None else f"{text(ends[0])} to {text(ends[1])}{unit}", about, chosen)
