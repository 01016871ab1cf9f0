"""The properties of prepared data on which a model depends."""

from sweepgd.data import Data
from sweepgd.models import Shape


def shape_of(data: Data) -> Shape:
    """Return the shape that a model for these data is built for."""
    inputs, targets = data.train.inputs.shape[1], data.train.targets.shape[1]
    return Shape(data.task, inputs, targets, len(data.classes), data.image, bytes=data.bytes)
