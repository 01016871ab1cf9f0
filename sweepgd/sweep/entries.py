"""One entry of a search space in a sweep file: a value, a list, a range, or "search"."""

from decimal import Decimal
from math import isfinite, log

from pydantic import BaseModel, ConfigDict, Field

from sweepgd.core.errors import UsageError
from sweepgd.core.setting import Setting
from sweepgd.sweep.space import Axis, Value

# A range with more values than this almost certainly has a mistyped step.
LONGEST_LIST = 10_000


class Range(BaseModel):
    """`{low, high, log, step}`: values are `step` apart. With `log = true`, each value is `step` times the previous value, as
    in 1, 2, 4, 8.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    low: float | int = Field(description="smallest value")
    high: float | int = Field(description="largest value (included)")
    log: bool = Field(False, description="search on a logarithmic scale")
    step: float | int | None = Field(None, description="difference between neighbouring values, or their ratio if log is true")


Entry = Value | list[Value] | Range
# An entry of a setting whose values may be lists, such as the widths of layers, or the layers as texts.
SettingEntry = Value | list[Value | list[int | float | str]] | Range


def axis(
    name: str,
    entry: Entry,
    setting: Setting,
    when: tuple[str, tuple[Value, ...]] | None = None,
    where: str = "",
) -> Axis:
    """Return the axis that an entry describes. Raises UsageError if a value is invalid or a range is empty.

    `name` is the name of the axis, such as "optimizer.adam.beta1". `when` limits the axis to points with certain values of
    another axis. `where` is the table that holds the entry, if `name` does not begin with this table.
    """
    where = where or name.rpartition(".")[0] or "space"
    label = f"{where}.{setting.name}"
    if setting.choices:
        if isinstance(entry, Range):
            raise UsageError(f"{label} takes {', '.join(map(str, setting.choices))}: give a list of these, not a range")
        if entry == "search":
            entry = list(setting.choices)
    if entry == "search" and setting.low is not None and setting.high is not None:
        entry = Range(low=setting.low, high=setting.high, log=setting.log)
    if isinstance(entry, Range):
        return _range_axis(name, label, entry, setting, where, when)
    listed = entry if isinstance(entry, list) else [entry]
    if not listed:
        raise UsageError(f"{label} is an empty list: give at least one value")
    values = tuple(setting.check(value, where) for value in listed)
    if len(set(values)) < len(values):
        raise UsageError(f"{label} = {listed}: a value occurs twice: remove one")
    return Axis(name, values=values, when=when)


def _range_axis(
    name: str, label: str, entry: Range, setting: Setting, where: str, when: tuple[str, tuple[Value, ...]] | None
) -> Axis:
    low, high, step = entry.low, entry.high, entry.step
    if low > high:
        raise UsageError(f"{label}: low {low:g} is above high {high:g}: swap them")
    if entry.log and low <= 0:
        raise UsageError(f"{label}: a log range cannot start at {low:g}: give a low above 0, or remove log")
    if step is not None and not (step > (1 if entry.log else 0) and isfinite(step)):
        raise UsageError(f"{label}: step {step:g} must be finite and above {1 if entry.log else 0}")
    setting.check(low, where)
    setting.check(high, where)
    integer = isinstance(setting.default, int)
    if integer and step is not None and not entry.log and step != int(step):
        raise UsageError(f"{label}: step {step:g} is not a whole number: give a whole step")
    if entry.log and step is not None:
        count = int(log(high / low) / log(step) + 1e-9) + 1
        if count > LONGEST_LIST:
            raise UsageError(f"{label}: {count} steps from low to high, more than {LONGEST_LIST}: give a larger step")
        values = [low * step**index for index in range(count)]
        return Axis(name, values=tuple(dict.fromkeys(round(v) if integer else float(v) for v in values)), when=when)
    if step is not None:
        # Optuna warns if step does not divide high - low. As in Optuna, the numbers are decimal, because in binary numbers,
        # 0.1 + 2 * 0.1 exceeds 0.3.
        first, last, stride = (Decimal(str(number)) for number in (low, high, step))
        high = float(first + (last - first) // stride * stride)
    return Axis(name, low=low, high=high, log=entry.log, step=step, integer=integer, when=when)
