"""Warnings of what a sweep asks for and does not get: the faults of its configurations, and equal ones among them."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from math import prod
from typing import NamedTuple

from sweepgd.configuration import Configuration
from sweepgd.preparation.course import Course, course_of
from sweepgd.preparation.faults import faults
from sweepgd.problem import reason
from sweepgd.setting import shown
from sweepgd.space import Axis, Space, Value
from sweepgd.sweep import Sweep, configuration_of

# What the course of a run depends on, beside settings of its schedules.
OF_COURSE = ("schedule", "batch_schedule", "batch_size", "warmup", "schedule_after_warmup")
# Of more combinations only the ends of each list are looked at, and at most so many, or so many updates of them all.
MOST_COMBINATIONS, MOST_UPDATES = 500, 10_000_000

Values = Mapping[str, Value]


class Planned(NamedTuple):
    """A configuration, the values that tell it from the others, and its course."""

    values: Values
    configuration: Configuration
    course: Course


def warnings_of(sweep: Sweep, space: Space, points: Sequence[Values], rows: int) -> list[str]:
    """What to tell of a sweep on so many training rows, a line each.

    Looked at are the combinations of what the space searches, where it is a range at its ends, and the `points`. Of runs whose
    length is not known, as under a budget in seconds, and of very long ones nothing is said.
    """
    lines: list[str] = []
    numbered = (({"points": index}, point) for index, point in enumerate(points))
    for named in (_combinations(space), numbered):
        planned = list(_planned(sweep, named, rows, lines.append))
        found: defaultdict[str, list[tuple[Values, str]]] = defaultdict(list)
        for values, configuration, course in planned:
            for what, how in faults(configuration, course, sweep.budget):
                found[what].append((values, how))
        every = [values for values, _, _ in planned]
        for what, cases in found.items():
            where = _where([values for values, _ in cases], every)
            such = "for example, " if len({how for _, how in cases}) > 1 else ""
            lines.append(f"{what}{where and f' ({where})'}: {such}{cases[0][1]}")
        lines += _equal(planned)
    return list(dict.fromkeys(lines))


def _combinations(space: Space) -> Iterator[tuple[Values, Values]]:
    """The points to look at, other axes than those of the course at their first value, and each one's values that vary."""
    axes = [axis for axis in space.axes if axis.name in OF_COURSE or axis.name.startswith(("schedule.", "batch_schedule."))]
    varied = [axis.name for axis in axes if not axis.fixed]
    few = prod(len(_values(axis)) for axis in axes) <= MOST_COMBINATIONS

    def looked_at(axis: Axis) -> Axis:
        values = _values(axis)
        chosen = values[:1] if axis not in axes else values if few else tuple(dict.fromkeys((values[0], values[-1])))
        return replace(axis, values=chosen)

    for point in islice(Space(tuple(map(looked_at, space.axes))).grid(), MOST_COMBINATIONS):
        yield {name: point[name] for name in varied if name in point}, point


def _values(axis: Axis) -> tuple[Value, ...]:
    """The values of an axis, or the ends of its range."""
    ends = (int(axis.low), int(axis.high)) if axis.integer else (axis.low, axis.high)
    return axis.values or tuple(dict.fromkeys(ends))


def _planned(sweep: Sweep, named: Iterable[tuple[Values, Values]], rows: int, say: Callable[[str], None]) -> Iterator[Planned]:
    updates = 0
    for values, point in named:
        configuration = configuration_of(point)
        try:
            course = course_of(configuration, sweep.budget, rows, sweep.data.last_batch)
        except Exception as error:  # a plugin's schedule may raise anything, and its trials will be failed rows
            say(f"schedule {configuration.schedule} cannot be evaluated: {reason(error)}")
            continue
        if course is not None:
            yield Planned(values, configuration, course)
            updates += course.total
        if updates > MOST_UPDATES:
            return


def _where(cases: Sequence[Values], every: Sequence[Values]) -> str:
    """The values of `cases` on the axes where they have not all of them, and how many of these combinations they are."""
    told = {}
    for name in dict.fromkeys(name for values in cases for name in values):
        own, others = (list(dict.fromkeys(values.get(name) for values in some)) for some in (cases, every))
        if len(own) < len(others):
            told[name] = own
    there = sum(all(values.get(name) in own for name, own in told.items()) for values in every)
    parts = [f"{name} {' or '.join(shown(value) for value in own if value is not None)}" for name, own in told.items()]
    parts += [f"{len(cases)} of {there} combinations"] if len(cases) < there else []
    return ", ".join(parts)


def _equal(planned: Sequence[Planned]) -> Iterator[str]:
    """A line where configurations compute the same."""
    first: dict[Hashable, Values] = {}
    pairs = []
    for values, configuration, course in planned:
        own = [getattr(configuration, key) for key in ("optimizer", "learning_rate", "weight_decay")]
        key = (*own, *sorted(configuration.hyperparameters.items()), course.effect)
        if key in first:
            pairs.append((first[key], values))
        first.setdefault(key, values)
    if pairs:
        one, other = pairs[0]
        differing = [name for name in {**one, **other} if one.get(name) != other.get(name)]
        alike = [name for name in one if name not in differing]
        sides = (_listed({name: values[name] for name in differing if name in values}) for values in pairs[0])
        where = alike and f" where {_listed({name: one[name] for name in alike})}"
        count = f"{len(pairs)} of {len(planned)} configurations compute" if len(pairs) > 1 else "a configuration computes"
        yield f"{count} the same as another: {' and '.join(sides)}{where or ''}"


def _listed(values: Values) -> str:
    return ", ".join(f"{name} {shown(value)}" for name, value in values.items())
