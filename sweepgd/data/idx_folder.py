"""A data set of four IDX files with the names of MNIST's files: images and labels, for training and for the test."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.data.contract import Table
from sweepgd.data.idx import read_idx


def read_idx_folder(folder: Path, classes: Sequence[str], hint: str) -> Table:
    """Return the images of a folder with their test set. Raises SweepgdError for a damaged file, and with the `hint` for an
    absent file.
    """
    train, test = (_part(folder, name, tuple(classes), hint) for name in ("train", "t10k"))
    return replace(train, test=test)


def _part(folder: Path, name: str, classes: tuple[str, ...], hint: str) -> Table:
    images, labels = (read_idx(_file(folder, f"{name}-{kind}-ubyte", hint)) for kind in ("images-idx3", "labels-idx1"))
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise SweepgdError(f"{folder}: images of shape {images.shape} and labels of {labels.shape}: use the original files")
    inputs = images.reshape(len(images), -1)
    features = tuple(f"x{pixel}" for pixel in range(inputs.shape[1]))
    height, width = images.shape[1:]
    return Table(inputs, labels[:, None].astype(np.float64), features, classes, image=(height, width, 1))


def _file(folder: Path, name: str, hint: str) -> Path:
    """Return the file of this name, with or without .gz. Raises SweepgdError if there is no such file."""
    found = next((path for path in (folder / f"{name}.gz", folder / name) if path.is_file()), None)
    if found is None:
        raise SweepgdError(f"no file {folder / name} or {name}.gz: {hint}")
    return found
