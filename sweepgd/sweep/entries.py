"""One entry of a search space as a sweep file writes it: a value, a list, a range, or "search"."""

from decimal import Decimal
from math import isfinite, log

from pydantic import BaseModel, ConfigDict, Field

from sweepgd.problem import UsageProblem
from sweepgd.setting import Setting
from sweepgd.space import Axis, Value

# Quasi-continuous lists are ranges; a longer list than this is a slip of the step.
LONGEST_LIST = 10_000


class Range(BaseModel):
    """`{low, high, log, step}`: the step is added, or with `log = true` multiplied by, as in 1, 2, 4, 8."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    low: float | int = Field(description="smallest value")
    high: float | int = Field(description="largest value, itself included")
    log: bool = Field(False, description="search the logarithm")
    step: float | int | None = Field(None, description="distance of values, or with log their ratio")


Entry = Value | list[Value] | Range


def axis(name: str, entry: Entry, setting: Setting, when: tuple[str, tuple[Value, ...]] | None = None) -> Axis:
    """The axis that an entry stands for. Raises UsageProblem where a value is not valid or a range is empty."""
    where, _, _ = name.rpartition(".")
    where = where or "space"
    label = f"{where}.{setting.name}"
    if setting.choices:
        if isinstance(entry, Range):
            raise UsageProblem(f"{label} is one of {', '.join(map(str, setting.choices))}: give a list, and no range")
        if entry == "search":
            entry = list(setting.choices)
    if entry == "search" and setting.low is not None and setting.high is not None:
        entry = Range(low=setting.low, high=setting.high, log=setting.log)
    if isinstance(entry, Range):
        return _range_axis(name, label, entry, setting, where, when)
    listed = entry if isinstance(entry, list) else [entry]
    if not listed:
        raise UsageProblem(f"{label} is an empty list: give at least one value")
    values = tuple(setting.check(value, where) for value in listed)
    if len(set(values)) < len(values):
        raise UsageProblem(f"{label} = {listed}: a value stands twice")
    return Axis(name, values=values, when=when)


def _range_axis(
    name: str, label: str, entry: Range, setting: Setting, where: str, when: tuple[str, tuple[Value, ...]] | None
) -> Axis:
    low, high, step = entry.low, entry.high, entry.step
    if low > high:
        raise UsageProblem(f"{label}: low {low:g} is above high {high:g}: exchange them")
    if entry.log and low <= 0:
        raise UsageProblem(f"{label}: a log range cannot begin at {low:g}: give a low above 0, or leave out log")
    if step is not None and not (step > (1 if entry.log else 0) and isfinite(step)):
        raise UsageProblem(f"{label}: step {step:g} never arrives: give a finite one above {1 if entry.log else 0}")
    setting.check(low, where)
    setting.check(high, where)
    integer = isinstance(setting.default, int)
    if integer and step is not None and not entry.log and step != int(step):
        raise UsageProblem(f"{label}: step {step:g} leaves the whole numbers: give a whole step")
    if entry.log and step is not None:
        count = int(log(high / low) / log(step) + 1e-9) + 1
        if count > LONGEST_LIST:
            raise UsageProblem(f"{label}: {count} steps from low to high: give a larger step")
        values = [low * step**index for index in range(count)]
        return Axis(name, values=tuple(dict.fromkeys(round(v) if integer else float(v) for v in values)), when=when)
    if step is not None:
        # The last step that fits, in decimals as Optuna counts: it warns of 0.1 + 2 * 0.1, which is above 0.3.
        first, last, by = (Decimal(str(number)) for number in (low, high, step))
        high = float(first + (last - first) // by * by)
    return Axis(name, low=low, high=high, log=entry.log, step=step, integer=integer, when=when)
