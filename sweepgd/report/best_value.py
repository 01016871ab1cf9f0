"""The objective of the best configuration in words, the same on the first screen and on the page."""

from typing import NamedTuple

from sweepgd.analysis.selection import FEWEST_REPLICATES, interval_on_others, t_interval
from sweepgd.report.number_format import percent, significant
from sweepgd.report.question_table import Row


class BestValue(NamedTuple):
    """The mean objective with its unit, and a phrase on it.

    `estimate` is the objective of a configuration that is chosen as this one was, on a replicate that did not choose it. It is
    not the objective of this configuration, because different replicates may choose different ones. It is "" if it is not
    known. `interval` is the 95 % interval of `estimate` or, without one, of the mean, such as "0.1 to 0.2". It is "" if there
    is none.
    """

    number: str
    about: str
    estimate: str
    interval: str


def best_value(row: Row, name: str) -> BestValue:
    """Return the objective of a row of `analysis.best`, whose name is `name`.

    The lowest of several means is biased downward (see `sweepgd.analysis.selection`), and the phrase says so.
    """
    text, unit = (percent, " %") if name.endswith("error") else (significant, "")
    mean, error, estimate = row["objective"], row["objective_se"], ""
    if row["lowest_of"] < 2:
        ends = None if error is None or row["completed"] < FEWEST_REPLICATES else t_interval(mean, error, row["completed"])
        about = "of the only complete configuration"
    else:
        ends = interval_on_others(row)
        about = f"the lowest of {row['lowest_of']:,}, so biased low"
        estimate = "" if ends is None else text(row["objective_on_others"]) + unit
    if ends is None:
        about += f"; an interval needs {FEWEST_REPLICATES} replicates or more"
    return BestValue(text(mean) + unit, about, estimate, "" if ends is None else f"{text(ends[0])} to {text(ends[1])}{unit}")
