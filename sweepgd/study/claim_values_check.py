"""Warnings about claims on values that no configuration of the sweep has."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from math import inf, isclose

from sweepgd.core.setting import shown
from sweepgd.optimizers import Optimizer
from sweepgd.plugins import registry
from sweepgd.study.claim_columns_check import column_of, compared
from sweepgd.sweep import Sweep
from sweepgd.sweep.claim_spec import Interval, Scalar
from sweepgd.sweep.space import Axis, Space, Value

# The largest number of values that a line shows.
SHOWN = 8
# Settings of schedules have defaults that are not among the axes.
UNCHECKED = ("schedule.", "batch_schedule.")


def absent_values(sweep: Sweep, space: Space, points: Sequence[Mapping[str, Value]], rows: int) -> list[str]:
    """Return a line for each claim with values that neither the space nor a fixed point has.

    This is no error, because `--set` may remove from the space what a claim of the sweep file is about. `rows` is the number of
    training rows, which is the batch size of "full".
    """
    lines = []
    absent: dict[tuple[int, str], tuple[list[str], str]] = {}
    varied = any(name.startswith("data.") for name in chain((axis.name for axis in space.axes), *points))
    for number, claim in enumerate(sweep.claims):
        for _, column, wanted in compared(number, claim):
            axes = [axis for axis in space.axes if column_of(axis.name) == column]
            if not axes or column.startswith(UNCHECKED):
                continue
            known = list(_values(column, axes, space, points))
            if "full" in known:
                if varied:  # configurations may have different numbers of rows
                    continue
                known[known.index("full")] = rows
            ranges = [axis for axis in axes if not axis.values]
            if not any(_fits(value, wanted) for value in known) and not any(_meets(axis, wanted) for axis in ranges):
                texts = [*map(shown, dict.fromkeys(known)), *(f"{axis.low:g} to {axis.high:g}" for axis in ranges)]
                more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
                found = absent.setdefault((number, column), ([], f"{', '.join(texts[:SHOWN])}{more}"))[0]
                found += [_text(wanted)] * (_text(wanted) not in found)
    for number, claim in enumerate(sweep.claims):
        parts = [
            f"no configuration has {column} {' or '.join(found)}; the sweep has {known}"
            for (of, column), (found, known) in absent.items()
            if of == number
        ]
        lines += [f"claims[{number}] ({claim.says!r}): {'; '.join(parts)}"] if parts else []
    return lines


def _values(column: str, axes: Sequence[Axis], space: Space, points: Sequence[Mapping[str, Value]]) -> Iterator[Value]:
    """Yield the single values of a column: those of axes and of fixed points, and the defaults of the optimizers' settings."""
    for axis in axes:
        yield from axis.values
        yield from (point[axis.name] for point in points if axis.name in point)
    given = {axis.name for axis in axes}
    names = next(axis for axis in space.axes if axis.name == "optimizer").values
    for name in dict.fromkeys([*names, *(point["optimizer"] for point in points)]):
        optimizer: Optimizer = registry.get("optimizers", str(name))
        for setting in optimizer.hyperparameters:
            if setting.name == column and f"optimizer.{name}.{column}" not in given:
                yield setting.default


def _text(wanted: Scalar | Interval) -> str:
    if not isinstance(wanted, Interval):
        return shown(wanted)
    bounds = (f"{word} {bound:g}" for word, bound in (("from", wanted.min), ("to", wanted.max)) if bound is not None)
    return " ".join(bounds)


def _fits(value: Value, wanted: Scalar | Interval) -> bool:
    if isinstance(wanted, Interval):
        low, high = (-inf if wanted.min is None else wanted.min), (inf if wanted.max is None else wanted.max)
        return not isinstance(value, str) and low <= value <= high
    if isinstance(value, str) or isinstance(wanted, str):
        return value == wanted
    return isclose(value, wanted, rel_tol=1e-9)


def _meets(axis: Axis, wanted: Scalar | Interval) -> bool:
    """Return True if a range has a wanted value."""
    if isinstance(wanted, Interval):
        return axis.low <= (inf if wanted.max is None else wanted.max) and axis.high >= (
            -inf if wanted.min is None else wanted.min
        )
    return not isinstance(wanted, str) and axis.low <= wanted <= axis.high
