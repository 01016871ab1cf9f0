"""The fixed `[[points]]` of a sweep as points of its space."""

from collections.abc import Container, Mapping

from sweepgd.core.errors import UsageError
from sweepgd.core.setting import resolve
from sweepgd.sweep.points import (
    AFTER_WARMUP,
    BATCH_SIZE,
    WARMUP,
    WEIGHT_DECAY,
    batch_schedule_of,
    batch_size_axis,
    check_length,
    check_not_zero,
    optimizer_of,
    schedule_of,
)
from sweepgd.sweep.setting_axes import settings_of_point
from sweepgd.sweep.space import Space, Value
from sweepgd.sweep.spec import PointSpec, Sweep


def points_of(sweep: Sweep, space: Space) -> list[dict[str, Value]]:
    """Return the `[[points]]` of a sweep as points of its space.

    A key that a point does not give has the value that the space fixes, or else the default. Raises UsageError for an
    invalid point.
    """
    fixed = {axis.name: axis.values[0] for axis in space.axes if axis.fixed}
    axes = {axis.name for axis in space.axes}
    points = [
        _point(spec, axes, fixed, f"points[{index}]") | settings_of_point(sweep, spec, fixed, f"points[{index}]")
        for index, spec in enumerate(sweep.points)
    ]
    for point in points:
        check_length(str(point["schedule"]), sweep.budget)
    return points


def _point(spec: PointSpec, axes: Container[str], fixed: Mapping[str, Value], where: str) -> dict[str, Value]:
    chosen: dict[str, Value] = {}
    for kind, given in (
        ("optimizer", spec.optimizer),
        ("schedule", spec.schedule),
        ("batch_schedule", spec.batch_schedule),
    ):
        if given is None and kind not in fixed:
            raise UsageError(f"{where} names no {kind}, and space.{kind} has several: name one")
        chosen[kind] = fixed[kind] if given is None else given
    optimizer = optimizer_of(str(chosen["optimizer"]))
    point = dict(chosen)
    settings = {
        "optimizer": ("hyperparameters", optimizer.hyperparameters),
        "schedule": ("schedule_settings", schedule_of(str(chosen["schedule"])).settings),
        "batch_schedule": ("batch_schedule_settings", batch_schedule_of(str(chosen["batch_schedule"])).settings),
    }
    for kind, (key_of, known) in settings.items():
        prefix = f"{kind}.{chosen[kind]}."
        inherited = {key.removeprefix(prefix): value for key, value in fixed.items() if key.startswith(prefix)}
        inherited.pop("learning_rate", None)
        for key, value in resolve(known, inherited | getattr(spec, key_of), f"{where}.{key_of}").items():
            point[prefix + key] = value
    # If the optimizer has a separate axis for its learning rate, the rate gets the name of this axis. An adaptive sampler can
    # then learn from the point.
    own = f"optimizer.{optimizer.name}.learning_rate"
    name = own if own in axes else "learning_rate"
    rate = fixed.get(name, optimizer.learning_rate.default) if spec.learning_rate is None else spec.learning_rate
    point[name] = optimizer.learning_rate.check(rate, where)
    check_not_zero([point[name]], f"{where}.learning_rate")
    batch_size = fixed.get("batch_size", BATCH_SIZE.default) if spec.batch_size is None else spec.batch_size
    point["batch_size"] = batch_size_axis(batch_size, where).values[0]
    point["warmup"] = WARMUP.check(fixed.get("warmup", 0.0) if spec.warmup is None else spec.warmup, where)
    after = fixed.get("schedule_after_warmup", False) if spec.schedule_after_warmup is None else spec.schedule_after_warmup
    point["schedule_after_warmup"] = AFTER_WARMUP.check(after, where)
    decay = fixed.get("weight_decay") if spec.weight_decay is None else spec.weight_decay
    if "weight_decay" in spec.hyperparameters and spec.weight_decay is not None:
        raise UsageError(f"{where}: weight_decay and hyperparameters.weight_decay are the same setting: give only one of them")
    if decay is not None and "weight_decay" not in spec.hyperparameters:
        point["weight_decay"] = WEIGHT_DECAY.check(decay, where)
    return point
