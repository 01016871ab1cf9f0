"""A folder of PNG and JPEG files, in one folder for each class. Files of other kinds are left out and noted."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sweepgd.core.errors import SweepgdError, installing
from sweepgd.data.contract import Image, Table
from sweepgd.data.raw import shown
from sweepgd.data.table_checks import check_memory, reading

SUFFIXES = (".png", ".jpg", ".jpeg")
CHANNELS = {"L": 1, "RGB": 3}
# The modes of Pillow for images that are refused, and how to mend them.
REFUSED = {
    "RGBA": ("an alpha channel", "save it without, such as by Image.convert('RGB') of Pillow"),
    "LA": ("an alpha channel", "save it without, such as by Image.convert('L') of Pillow"),
    "PA": ("a palette and an alpha channel", "save it as RGB, such as by Image.convert('RGB') of Pillow"),
    "P": ("a palette", "save it as RGB, such as by Image.convert('RGB') of Pillow"),
    "1": ("1 bit a pixel", "save it with 8 bits, such as by Image.convert('L') of Pillow"),
    "CMYK": ("the colours of print (CMYK)", "save it as RGB, such as by Image.convert('RGB') of Pillow"),
}


def read_folder(folder: Path, test: Path | None = None) -> Table:
    """Return the images of `folder` as bytes in the order height, width, channels. Classes are in the order of their names.

    If the folder has a folder `train`, the images are in `train`, and those in `test` are the test set. `test` is another
    folder of the test set. Raises SweepgdError for a class without images, a damaged image, images of several sizes, or an
    image that is not grey or RGB with 8 bits.
    """
    inner = folder / "train"
    if inner.is_dir() and any(entry.is_dir() for entry in inner.iterdir()):
        own = folder / "test"
        folder, test = inner, test or (own if own.is_dir() else None)
    classes = class_folders(folder)
    table, size = _part(folder, classes, None)
    if test is None:
        return table
    other = [name for name in class_folders(test) if name not in classes]
    if other:
        raise SweepgdError(f"{test}: class {other[0]!r} is not in {folder}: rename the folder, or remove it")
    own_test, _ = _part(test, classes, size)
    return Table(**vars(table) | {"test": own_test, "notes": (*table.notes, *own_test.notes)})


def class_folders(folder: Path) -> tuple[str, ...]:
    """Return the names of the folders of the classes."""
    with reading(folder):
        names = tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")))
    if not names:
        raise SweepgdError(f"{folder}: no folders of classes: put the images of each class into a folder with its name")
    return names


def _part(folder: Path, classes: Sequence[str], size: tuple[Path, Image] | None) -> tuple[Table, tuple[Path, Image]]:
    """Return the table of one folder, and its first file with the size of all images. `size` is that of the training images."""
    files, labels = list[Path](), list[int]()
    others = [entry.name for entry in sorted(folder.iterdir()) if not entry.is_dir() and not entry.name.startswith(".")]
    for number, name in enumerate(classes):
        if size is not None and not (folder / name).is_dir():
            continue  # the test set may lack a class
        found, rest = image_files(folder / name)
        if not found:
            raise SweepgdError(f"{folder / name}: the class has no PNG or JPEG files: add some, or remove the folder")
        files += found
        labels += [number] * len(found)
        others += [str(file.relative_to(folder)) for file in rest]
    first, image = size or (files[0], _shape(files[0]))
    check_memory(folder, len(files), int(np.prod(image)), 1)
    inputs = read_images(files, image, str(first))
    notes: tuple[str, ...] = ()
    if others:
        notes = (f"{folder}: left out, because they are not PNG or JPEG files: {shown(others)}",)
    features = tuple(f"x{value}" for value in range(inputs.shape[1]))
    table = Table(inputs, np.array(labels, np.float64)[:, None], features, tuple(classes), notes=notes, image=image)
    return table, (first, image)


def read_images(files: Sequence[Path], image: Image, reference: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the images of files as bytes, (files, values). `image` is the shape of `reference`, which all images must have.

    Raises SweepgdError for an image of another shape, and for one that is damaged or not grey or RGB with 8 bits.
    """
    inputs = np.empty((len(files), int(np.prod(image))), np.uint8)
    for row, file in enumerate(files):
        pixels = _pixels(file)
        if pixels.shape != tuple(image):
            raise SweepgdError(
                f"{file} has {_in_words(pixels.shape)}, but {reference} has {_in_words(image)}: "
                "give all images one size and kind"
            )
        inputs[row] = pixels.reshape(-1)
    return inputs


def image_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the images in a folder in the order of their names, and its other files and folders, without hidden files."""
    with reading(folder):
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
        images = [entry for entry in entries if entry.suffix.lower() in SUFFIXES]
        lost = next((entry for entry in images if not entry.is_file()), None)
    if lost is not None:
        raise SweepgdError(f"{lost} is not a file, or a link that leads to no file: remove it")
    return images, [entry for entry in entries if entry not in set(images)]


def _shape(file: Path) -> Image:
    height, width, channels = _pixels(file).shape
    return height, width, channels


def _pixels(file: Path) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the image (height, width, channels) of a file."""
    try:
        from PIL import Image as Pillow
    except ImportError as error:
        raise SweepgdError(f"{file}: images need the package pillow: {installing('images')}") from error
    with reading(file), Pillow.open(file) as image:
        image.load()
        mode = image.mode
        deep = mode[0] in "IF" or _depth(file) == 16  # Pillow reads colours of 16 bits as colours of 8 bits
        if mode in CHANNELS and not deep and "transparency" not in image.info:
            return np.asarray(image, np.uint8).reshape(image.height, image.width, CHANNELS[mode])
        what, hint = REFUSED.get(mode, (f"pixels of the kind {mode}", "save it as grey or RGB with 8 bits for a value"))
        if deep:
            what, hint = "16 or more bits for a value", "divide the values by 256, and save it with 8 bits"
        elif mode in CHANNELS:
            what, hint = "a transparent colour", "save it without, such as by Image.convert('RGB') of Pillow"
        raise SweepgdError(f"{file} has {what}, but images are grey or RGB with 8 bits for a value: {hint}")


def _depth(file: Path) -> int:
    """Return the number of bits for a value of a PNG file, or 0 for another file."""
    with file.open("rb") as content:
        start = content.read(25)
    return start[24] if start.startswith(b"\x89PNG") else 0


def _in_words(shape: tuple[int, ...]) -> str:
    height, width, channels = shape
    return f"{width} × {height} pixels in {'colour' if channels == 3 else 'grey'}"
