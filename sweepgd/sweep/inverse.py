"""From a configuration back to its point of a space."""

from sweepgd.configuration import Configuration
from sweepgd.space import Space, Value
from sweepgd.sweep.points import configuration_of, optimizer_of


def point_of(configuration: Configuration, space: Space) -> dict[str, Value] | None:
    """The point of a space whose configuration this is, None where it has none."""
    point: dict[str, Value] = {}
    for axis in space.axes:
        if axis.exists(point):
            value = _value_of(configuration, axis.name)
            if value is None or not axis.holds(value):
                return None
            place = axis.index_of(value) if axis.values or axis.integer else None
            point[axis.name] = value if place is None else axis.at(place)  # with the axis' own type
    # Settings that the space does not search must have its values, too.
    return point if configuration_of(point) == configuration else None


def _value_of(configuration: Configuration, axis: str) -> Value | None:
    """A configuration's value on an axis, by the axis' name; None where it has none."""
    kind, _, rest = axis.partition(".")
    key = rest.rpartition(".")[2]
    if key == "learning_rate":
        return configuration.learning_rate
    if axis == "weight_decay" and optimizer_of(configuration.optimizer).decays_weights_itself:
        return configuration.hyperparameters["weight_decay"]
    if not rest:
        return getattr(configuration, axis)
    settings = {
        "optimizer": configuration.hyperparameters,
        "schedule": configuration.schedule_settings,
        "batch_schedule": configuration.batch_schedule_settings,
    }
    return settings[kind].get(key)
