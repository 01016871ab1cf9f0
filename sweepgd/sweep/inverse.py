"""The inverse of `configuration_of`: from a configuration to its point in a space."""

from sweepgd.sweep.configuration import Configuration
from sweepgd.sweep.points import configuration_of, optimizer_of
from sweepgd.sweep.setting_axes import on_axis
from sweepgd.sweep.space import Space, Value


def point_of(configuration: Configuration, space: Space) -> dict[str, Value] | None:
    """Return the point of the space that gives this configuration, or None if there is no such point."""
    point: dict[str, Value] = {}
    for axis in space.axes:
        if axis.exists(point):
            value = _value_of(configuration, axis.name)
            if value is None or not axis.holds(value):
                return None
            index = axis.index_of(value) if axis.values or axis.integer else None
            point[axis.name] = value if index is None else axis.at(index)  # with the type of the axis: 1, not 1.0
    # The settings without an axis must agree too.
    return point if configuration_of(point) == configuration else None


def _value_of(configuration: Configuration, axis: str) -> Value | None:
    """Return the configuration's value on the axis of this name, or None if the configuration has no such value."""
    kind, _, rest = axis.partition(".")
    key = rest.rpartition(".")[2]
    if key == "learning_rate":
        return configuration.learning_rate
    if axis == "weight_decay" and optimizer_of(configuration.optimizer).decays_weights_itself:
        return configuration.hyperparameters["weight_decay"]
    if kind in ("model", "data"):
        return on_axis(getattr(configuration, kind).get(rest))
    if not rest:
        return getattr(configuration, axis)
    settings = {
        "optimizer": configuration.hyperparameters,
        "schedule": configuration.schedule_settings,
        "batch_schedule": configuration.batch_schedule_settings,
    }
    return settings[kind].get(key)
