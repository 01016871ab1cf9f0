"""The space of a sweep, and the configuration of a point of the space."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sweepgd.core.errors import SettingError, UsageError, nearest
from sweepgd.core.setting import Setting, resolve
from sweepgd.optimizers import Optimizer
from sweepgd.plugins import registry
from sweepgd.schedules import BATCH_SCHEDULES, BatchSchedule, Schedule
from sweepgd.sweep.budget import LONGEST, Budget
from sweepgd.sweep.configuration import Configuration
from sweepgd.sweep.entries import Entry, Range, axis
from sweepgd.sweep.setting_axes import axes_of, settings_in
from sweepgd.sweep.space import Axis, Space, Value
from sweepgd.sweep.spec import Sweep

WARMUP = Setting("warmup", 0.0, "epochs of linear warm-up", minimum=0.0, maximum=LONGEST)
AFTER_WARMUP = Setting("schedule_after_warmup", False, "true if the schedule begins after the warm-up")
WEIGHT_DECAY = Setting("weight_decay", 0.0, "weight decay", minimum=0.0)
BATCH_SIZE = Setting("batch_size", 32, "rows per update", minimum=1)


def optimizer_of(name: str) -> Optimizer:
    return registry.get("optimizers", name)


def schedule_of(name: str) -> Schedule:
    return registry.get("schedules", name)


def batch_schedule_of(name: str) -> BatchSchedule:
    if name not in BATCH_SCHEDULES:
        raise UsageError(f"unknown batch schedule {name!r}: {nearest(name, BATCH_SCHEDULES)}")
    return BATCH_SCHEDULES[name]


def names_of(entry: Entry, key: str) -> tuple[str, ...]:
    """Return the names in the entry `space.<key>`. Raises UsageError if the entry is not a name or a list of names, or a name
    occurs twice.
    """
    listed = entry if isinstance(entry, list) else [entry]
    if isinstance(entry, Range) or not listed or not all(isinstance(name, str) for name in listed):
        raise UsageError(f"space.{key} takes names: give one in quotes, or a list of them")
    if len(set(listed)) < len(listed):
        raise UsageError(f"space.{key} = {listed}: a name occurs twice: remove one")
    return tuple(str(name) for name in listed)


def batch_size_axis(entry: Entry, where: str = "space") -> Axis:
    if isinstance(entry, Range):
        return axis("batch_size", entry, BATCH_SIZE)
    listed = entry if isinstance(entry, list) else [entry]
    for value in listed:
        if value == "full":
            continue
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise UsageError(
                f'{where}.batch_size = {value!r}: give a whole number from 1 to the number of training rows, or "full"'
            )
    if not listed or len(set(listed)) < len(listed):
        raise UsageError(f"{where}.batch_size = {listed}: give at least one value, and none twice")
    return Axis("batch_size", values=tuple(listed))


def _learning_rate_axes(sweep: Sweep, optimizers: tuple[str, ...]) -> list[Axis]:
    """Return the axes of the learning rate: one for each optimizer that has a separate rate, and one for the rate in `[space]`
    if any other optimizer uses this rate.
    """
    common = None if sweep.space.learning_rate == "search" else sweep.space.learning_rate
    shared, axes = [], []
    for name in optimizers:
        own = sweep.optimizer.get(name, {}).get("learning_rate")
        if own is None and common is not None:
            shared.append(name)
            continue
        entry = "search" if own is None else own
        axes.append(axis(f"optimizer.{name}.learning_rate", entry, optimizer_of(name).learning_rate, ("optimizer", (name,))))
    if shared and common is not None:
        axes.insert(0, axis("learning_rate", common, optimizer_of(shared[0]).learning_rate, ("optimizer", tuple(shared))))
    for rates in axes:
        check_not_zero(rates.values or (rates.low,), rates.name)
    return axes


def check_not_zero(rates: Iterable[Value], where: str) -> None:
    if 0 in rates:
        raise UsageError(f"{where}: a learning rate of 0 learns nothing: give a rate above 0")


def _setting_axes(
    kind: str,
    given: Mapping[str, Mapping[str, Entry]],
    names: tuple[str, ...],
    settings: Callable[[str], tuple[Setting, ...]],
) -> list[Axis]:
    """Return an axis for each given setting of a plugin. The axis exists only at points with that plugin.

    `kind` is "optimizer", "schedule" or "batch_schedule", and `names` are the plugins in the space. Settings of plugins that
    are not in `names` are checked and left out, so that `--set space.optimizer=…` is enough to remove an optimizer.
    """
    axes = []
    for name, entries in given.items():
        known = {setting.name: setting for setting in settings(name)}
        for key, entry in entries.items():
            if kind == "optimizer" and key == "learning_rate":
                axis(f"optimizer.{name}.learning_rate", entry, optimizer_of(name).learning_rate)  # raises for a wrong entry
                continue
            if key not in known:
                raise SettingError(f"unknown key {kind}.{name}.{key}: {nearest(key, known)}")
            checked = axis(f"{kind}.{name}.{key}", entry, known[key], (kind, (name,)))
            if name in names:
                axes.append(checked)
    return axes


def space_of(sweep: Sweep) -> Space:
    """Return the space of a sweep: an axis for each hyperparameter that it searches or fixes.

    Raises UsageError if a name is unknown, or an entry is invalid or empty.
    """
    optimizers = names_of(sweep.space.optimizer, "optimizer")
    schedules = names_of(sweep.space.schedule, "schedule")
    batch_schedules = names_of(sweep.space.batch_schedule, "batch_schedule")
    for name in schedules:
        check_length(name, sweep.budget)
    for name in optimizers:
        optimizer_of(name)  # checked before any setting, so that a mistyped name is reported first
    for name in batch_schedules:
        batch_schedule_of(name)
    axes = [
        *axes_of(sweep),
        Axis("optimizer", values=optimizers),
        Axis("schedule", values=schedules),
        Axis("batch_schedule", values=batch_schedules),
        batch_size_axis(sweep.space.batch_size),
        *_learning_rate_axes(sweep, optimizers),
        axis("warmup", sweep.space.warmup, WARMUP),
        axis("schedule_after_warmup", sweep.space.schedule_after_warmup, AFTER_WARMUP),
    ]
    if sweep.space.weight_decay is not None:
        for name, entries in sweep.optimizer.items():
            if name in optimizers and "weight_decay" in entries:
                raise UsageError(
                    f"space.weight_decay and optimizer.{name}.weight_decay are the same setting: give only one of them"
                )
        axes.append(axis("weight_decay", sweep.space.weight_decay, WEIGHT_DECAY))
    axes += _setting_axes("optimizer", sweep.optimizer, optimizers, lambda name: optimizer_of(name).hyperparameters)
    axes += _setting_axes("schedule", sweep.schedule, schedules, lambda name: schedule_of(name).settings)
    axes += _setting_axes(
        "batch_schedule", sweep.batch_schedule, batch_schedules, lambda name: batch_schedule_of(name).settings
    )
    return Space(tuple(axes))


def check_length(schedule: str, budget: Budget) -> None:
    if schedule_of(schedule).needs_length and budget.seconds is not None and budget.length is None:
        raise UsageError(
            f"schedule {schedule!r} needs the length of the run, and the budget is in seconds: set budget.length in epochs"
        )


def configuration_of(point: Mapping[str, Value]) -> Configuration:
    """Return the configuration of a point of the space, with every default filled in."""

    def settings_for(kind: str, name: Any) -> dict[str, Any]:
        prefix = f"{kind}.{name}."
        return {key.removeprefix(prefix): value for key, value in point.items() if key.startswith(prefix)}

    optimizer = optimizer_of(str(point["optimizer"]))
    given = settings_for("optimizer", optimizer.name)
    rate = given.pop("learning_rate", None)
    schedule, batch_schedule = schedule_of(str(point["schedule"])), batch_schedule_of(str(point["batch_schedule"]))
    decay = float(point.get("weight_decay", 0.0))
    if optimizer.decays_weights_itself and "weight_decay" in point:
        given["weight_decay"], decay = decay, 0.0
    batch_size = point["batch_size"]
    return Configuration(
        optimizer=str(point["optimizer"]),
        hyperparameters={
            k: float(v) for k, v in resolve(optimizer.hyperparameters, given, f"optimizer.{optimizer.name}").items()
        },
        learning_rate=float(point["learning_rate"] if rate is None else rate),
        batch_size=batch_size if isinstance(batch_size, str) else int(batch_size),
        schedule=schedule.name,
        schedule_settings=resolve(schedule.settings, settings_for("schedule", schedule.name), f"schedule.{schedule.name}"),
        batch_schedule=batch_schedule.name,
        batch_schedule_settings=resolve(
            batch_schedule.settings,
            settings_for("batch_schedule", batch_schedule.name),
            f"batch_schedule.{batch_schedule.name}",
        ),
        warmup=float(point["warmup"]),
        weight_decay=decay,
        schedule_after_warmup=bool(point["schedule_after_warmup"]),
        model=settings_in(point, "model"),
        data=settings_in(point, "data"),
    )
