"""Warnings about a sweep: settings without effect, and configurations that compute the same updates."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from math import prod
from typing import NamedTuple

from sweepgd.core.errors import reason
from sweepgd.core.setting import shown
from sweepgd.study.ineffective_settings import ineffective_settings
from sweepgd.study.planned_updates import RunPlan, run_plan_of
from sweepgd.sweep import Sweep, configuration_of
from sweepgd.sweep.configuration import Configuration
from sweepgd.sweep.space import Axis, Space, Value

# The keys that determine the planned updates of a run, in addition to the settings of its schedules.
PLAN_KEYS = ("schedule", "batch_schedule", "batch_size", "warmup", "schedule_after_warmup")
# The largest number of combinations that are all checked. With more combinations, only the two ends of each list are combined,
# and the checks stop at one of these numbers of combinations and updates.
MOST_COMBINATIONS, MOST_UPDATES = 500, 10_000_000

Values = Mapping[str, Value]


class Planned(NamedTuple):
    """A configuration, the values in which it differs from other configurations of the sweep, and its planned updates."""

    values: Values
    configuration: Configuration
    run_plan: RunPlan


def warnings_of(sweep: Sweep, space: Space, points: Sequence[Values], rows: int) -> list[str]:
    """Return the warnings about a sweep on `rows` training rows, one line each.

    All combinations of the searched values and all `points` are checked. A range is checked at its ends. Very long runs and
    runs of unknown length, such as runs with a budget in seconds, are not checked.
    """
    lines: list[str] = []
    numbered = (({"points": index}, point) for index, point in enumerate(points))
    for named in (_combinations(space), numbered):
        planned = list(_planned(sweep, named, rows, lines.append))
        found: defaultdict[str, list[tuple[Values, str]]] = defaultdict(list)
        for values, configuration, run_plan in planned:
            for what, details in ineffective_settings(configuration, run_plan, sweep.budget):
                found[what].append((values, details))
        every = [values for values, _, _ in planned]
        for what, cases in found.items():
            where = _where([values for values, _ in cases], every)
            example = "for example, " if len({details for _, details in cases}) > 1 else ""
            lines.append(f"{what}{where and f' ({where})'}: {example}{cases[0][1]}")
        lines += _equal(planned)
    return list(dict.fromkeys(lines))


def _combinations(space: Space) -> Iterator[tuple[Values, Values]]:
    """Yield the points to check, each with its varied values. An axis that does not change the planned updates has only one
    value.
    """
    axes = [axis for axis in space.axes if axis.name in PLAN_KEYS or axis.name.startswith(("schedule.", "batch_schedule."))]
    varied = [axis.name for axis in axes if not axis.fixed]
    few = prod(len(_values(axis)) for axis in axes) <= MOST_COMBINATIONS

    def checked(axis: Axis) -> Axis:
        values = _values(axis)
        chosen = values[:1] if axis not in axes else values if few else tuple(dict.fromkeys((values[0], values[-1])))
        return replace(axis, values=chosen)

    for point in islice(Space(tuple(map(checked, space.axes))).grid(), MOST_COMBINATIONS):
        yield {name: point[name] for name in varied if name in point}, point


def _values(axis: Axis) -> tuple[Value, ...]:
    """Return the values of an axis, or the ends of its range."""
    ends = (int(axis.low), int(axis.high)) if axis.integer else (axis.low, axis.high)
    return axis.values or tuple(dict.fromkeys(ends))


def _planned(sweep: Sweep, named: Iterable[tuple[Values, Values]], rows: int, warn: Callable[[str], None]) -> Iterator[Planned]:
    updates = 0
    for values, point in named:
        configuration = configuration_of(point)
        try:
            run_plan = run_plan_of(configuration, sweep.budget, rows, sweep.data.last_batch)
        except Exception as error:  # a plugin's schedule may raise any error, and the search records its trials as failed
            warn(f"schedule {configuration.schedule} cannot be evaluated: {reason(error)}")
            continue
        if run_plan is not None:
            yield Planned(values, configuration, run_plan)
            updates += run_plan.total
        if updates > MOST_UPDATES:
            return


def _where(cases: Sequence[Values], every: Sequence[Values]) -> str:
    """Describe which of the combinations `every` are in `cases`: by the values that set the cases apart and, if other
    combinations have these values too, by a count such as "3 of 8 combinations".
    """
    restricted = {}
    for name in dict.fromkeys(name for values in cases for name in values):
        own, others = (list(dict.fromkeys(values.get(name) for values in some)) for some in (cases, every))
        if len(own) < len(others):
            restricted[name] = own
    matching = sum(all(values.get(name) in own for name, own in restricted.items()) for values in every)
    parts = [f"{name} {' or '.join(shown(value) for value in own if value is not None)}" for name, own in restricted.items()]
    parts += [f"{len(cases)} of {matching} combinations"] if len(cases) < matching else []
    return ", ".join(parts)


def _equal(planned: Sequence[Planned]) -> Iterator[str]:
    """Yield a line if two or more configurations compute the same updates."""
    first: dict[Hashable, Values] = {}
    pairs = []
    for values, configuration, run_plan in planned:
        own = [getattr(configuration, key) for key in ("optimizer", "learning_rate", "weight_decay")]
        own += [repr(sorted(settings.items())) for settings in (configuration.model, configuration.data)]
        key = (*own, *sorted(configuration.hyperparameters.items()), run_plan.effect)
        if key in first:
            pairs.append((first[key], values))
        first.setdefault(key, values)
    if pairs:
        one, other = pairs[0]
        differing = [name for name in {**one, **other} if one.get(name) != other.get(name)]
        alike = [name for name in one if name not in differing]
        sides = (_listed({name: values[name] for name in differing if name in values}) for values in pairs[0])
        where = alike and f" where {_listed({name: one[name] for name in alike})}"
        count = f"{len(pairs)} of {len(planned)} configurations compute" if len(pairs) > 1 else "one configuration computes"
        yield f"{count} the same updates as another one: {' and '.join(sides)}{where or ''}"


def _listed(values: Values) -> str:
    return ", ".join(f"{name} {shown(value)}" for name, value in values.items())
