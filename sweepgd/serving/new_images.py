"""Read new images for a model: one PNG or JPEG file, a folder of them, or a folder with one folder for each class."""

from pathlib import Path

import numpy as np

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.data.formats import existing, existing_folder
from sweepgd.data.image_folder import SUFFIXES, class_folders, image_files, read_images
from sweepgd.data.raw import shown
from sweepgd.serving.encoded_inputs import inputs_of
from sweepgd.serving.new_rows import NewRows
from sweepgd.serving.trained_model import Model


def are_images(path: str) -> bool:
    """Return True if a path is of a folder, or has the suffix of an image."""
    return Path(path).suffix.lower() in SUFFIXES or Path(path).expanduser().is_dir()


def read_new_images(model: Model, path: str) -> NewRows:
    """Return the images of a file or a folder. They are labelled if the folder has folders with the names of classes.

    Raises UsageError if the model does not take images or a folder is not of one of its classes, and SweepgdError if there are
    no images, or one is damaged or of another size or kind than those of the training.
    """
    header = model.header
    if header.image is None:
        raise UsageError(f"{path}: the model {header.name!r} was not trained on images: give a CSV, TSV or Parquet file")
    if Path(path).suffix.lower() in SUFFIXES:
        files, labels, others = [existing(path)], list[str](), list[str]()
    else:
        files, labels, others = _of_folder(existing_folder(path), model.classes)
    height, width, channels = header.image
    pixels = read_images(files, (height, width, channels), "the model's training set")
    return NewRows(
        inputs_of(header, pixels, model.scaling, path),
        np.array(labels, object)[:, None] if labels else None,
        np.arange(len(files)),
        (f"{path}: left out, because they are not PNG or JPEG files: {shown(others)}",) if others else (),
        tuple(map(str, files)),
    )


def _of_folder(folder: Path, classes: tuple[str, ...]) -> tuple[list[Path], list[str], list[str]]:
    """Return the images, their labels if they are in folders of classes, and the names of other files."""
    files, rest = image_files(folder)
    if files:
        return files, [], [entry.name for entry in rest]
    names = class_folders(folder)
    unknown = [name for name in names if name not in classes]
    if unknown:
        raise UsageError(
            f"{folder}: folder {unknown[0]!r} is not one of the model's classes {shown(classes)}: give a folder of images, or"
            " one of folders with the names of classes"
        )
    labels, others = list[str](), [entry.name for entry in rest if not entry.is_dir()]
    for name in names:
        found, left = image_files(folder / name)
        files += found
        labels += [name] * len(found)
        others += [f"{name}/{entry.name}" for entry in left]
    if not files:
        raise SweepgdError(f"{folder}: no PNG or JPEG files in it or in its folders of classes: add some")
    return files, labels, others
