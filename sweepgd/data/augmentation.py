"""The random changes of training images, as texts such as "crop 4" in `data.augment`. Kernels make the changes."""

from collections.abc import Sequence
from typing import NamedTuple

from sweepgd.core.errors import UsageError, nearest
from sweepgd.data.contract import Image

FORMS = {"crop": 'a number of pixels, such as "crop 4"', "flip": "nothing", "cutout": 'a number of pixels, such as "cutout 8"'}


class Augmentation(NamedTuple):
    """The changes, each 0 for none.

    `crop` is the largest shift of an image in pixels: a crop of the image's size is taken at random from the image with a
    border of so many zeros. With `flip` = 1, an image is mirrored horizontally with probability ½. `cutout` is the width of a
    square at a random place that becomes zero. Zero is the mean of standardized images.

    Crop and flip: He et al. 2016, Deep residual learning for image recognition. Cutout: DeVries & Taylor 2017.
    """

    crop: int = 0
    flip: int = 0
    cutout: int = 0


NO_CHANGES = Augmentation()


def augmentation(changes: Sequence[str]) -> Augmentation:
    """Return the changes that texts describe. Raises UsageError for an unknown text, or for a change that is given twice."""
    found: dict[str, int] = {}
    for text in changes:
        name, _, number = text.strip().partition(" ")
        if name not in FORMS:
            raise UsageError(f"data.augment: {text!r}: {nearest(name, FORMS)}")
        if name in found:
            raise UsageError(f"data.augment gives {name!r} twice: remove one")
        pixels = number.strip()
        if bool(pixels) == (name == "flip") or (pixels and not (pixels.isascii() and pixels.isdecimal() and int(pixels) > 0)):
            raise UsageError(f"data.augment: {text!r}: {name} takes {FORMS[name]}")
        found[name] = int(pixels or 1)
    return Augmentation(**found)


def check_size(changes: Augmentation, image: Image | None, where: str) -> None:
    """Raise UsageError if the data are not images, or if the images are too small for the changes."""
    if image is None:
        raise UsageError(f"data.augment is for images, but {where} has none: remove data.augment")
    height, width, _ = image
    for name in ("crop", "cutout"):
        if getattr(changes, name) >= min(height, width):
            raise UsageError(
                f'data.augment: "{name} {getattr(changes, name)}": the images of {where} have {width} × {height} pixels: give a'
                " smaller number"
            )
