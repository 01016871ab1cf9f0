"""The texts of `data.augment`, and one line for texts, data and models that do not fit."""

from dataclasses import replace

import pytest
from run_builders import data_of

from sweepgd.core.errors import UsageError
from sweepgd.data import DataSpec
from sweepgd.data.augmentation import augmentation
from sweepgd.plugins import registry
from sweepgd.training.data_shape import augmentation_of, shape_of

IMAGES = replace(data_of([[0.0] * 24, [1.0] * 24], [0, 1], classes=2), image=(4, 3, 2))
READER = replace(registry.get("models", "softmax"), reads_bytes=True)


@pytest.mark.parametrize(
    ("texts", "changes"),
    [
        ([], (0, 0, 0)),
        (["flip"], (0, 1, 0)),
        (["crop 4", "flip", "cutout 8"], (4, 1, 8)),
        (["cutout 16", " crop  2"], (2, 0, 16)),
    ],
)
def test_texts_are_changes(texts, changes):
    assert augmentation(texts) == changes


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["crops 4"], "data.augment: 'crops 4': did you mean 'crop'"),
        (["crop"], "data.augment: 'crop': crop takes a number of pixels, such as \"crop 4\""),
        (["crop 0"], "data.augment: 'crop 0': crop takes a number of pixels"),
        (["cutout 2.5"], "data.augment: 'cutout 2.5': cutout takes a number of pixels"),
        (["flip 2"], "data.augment: 'flip 2': flip takes nothing"),
        (["flip", "flip"], "data.augment gives 'flip' twice: remove one"),
    ],
)
def test_other_texts_are_refused(texts, message):
    with pytest.raises(UsageError) as caught:
        DataSpec(name="digits", augment=texts)
    assert message in str(caught.value)


def test_the_shape_of_images_tells_the_model():
    changes = augmentation_of(["crop 2", "flip"], IMAGES, READER)
    shape = shape_of(IMAGES, changes)
    assert (shape.image, shape.augment, shape.bytes) == ((4, 3, 2), (2, 1, 0), False)
    assert shape_of(IMAGES, augmentation_of(None, IMAGES, READER)).augment == (0, 0, 0)


def test_data_and_models_without_images_are_refused():
    with pytest.raises(UsageError, match=r"data.augment is for images, but given has none: remove data.augment"):
        augmentation_of(["flip"], replace(IMAGES, image=None), READER)
    with pytest.raises(UsageError, match=r'"crop 3": the images of given have 3 × 4 pixels: give a smaller number'):
        augmentation_of(["crop 3"], IMAGES, READER)
    with pytest.raises(UsageError, match=r"changes images, but model 'mlp' takes inputs as numbers: remove data.augment, or"):
        augmentation_of(["flip"], IMAGES, registry.get("models", "mlp"))
