"""The properties of prepared data on which a model depends."""

from collections.abc import Sequence

from sweepgd.core.errors import UsageError
from sweepgd.data import Data
from sweepgd.data.augmentation import NO_CHANGES, Augmentation, augmentation, check_size
from sweepgd.models import Model, Shape


def shape_of(data: Data, augment: Augmentation = NO_CHANGES) -> Shape:
    """Return the shape that a model for these data is built for."""
    inputs, targets = data.train.inputs.shape[1], data.train.targets.shape[1]
    return Shape(data.task, inputs, targets, len(data.classes), data.image, (*augment,), data.bytes)


def augmentation_of(augment: Sequence[str] | None, data: Data, model: Model) -> Augmentation:
    """Return the changes of training images in `data.augment`. Raises UsageError if the data or the model cannot have them."""
    if not augment:
        return NO_CHANGES
    changes = augmentation(augment)
    check_size(changes, data.image, data.name)
    if not model.reads_bytes:
        raise UsageError(
            f"data.augment changes images, but model {model.name!r} takes inputs as numbers: remove data.augment, or give"
            " a model of layers"
        )
    return changes
