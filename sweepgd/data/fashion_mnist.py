"""Fashion-MNIST, read from the IDX files that Debian's package dataset-fashion-mnist installs."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.core.setting import Setting
from sweepgd.data.contract import Dataset, Table

FOLDER = "/usr/share/datasets/fashion-mnist"
CLASSES = ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")


def _file(folder: Path, name: str) -> Path:
    """Return the file of this name, with or without .gz. Raises SweepgdError if there is no such file."""
    found = next((path for path in (folder / f"{name}.gz", folder / name) if path.is_file()), None)
    if found is None:
        raise SweepgdError(
            f"no file {folder / name} or {name}.gz: install Debian's package (apt install dataset-fashion-mnist), or give the"
            " folder of the four files in data.folder"
        )
    return found


def _part(folder: Path, name: str) -> Table:
    from sweepgd.data.idx import read_idx

    images, labels = (read_idx(_file(folder, f"{name}-{kind}-ubyte")) for kind in ("images-idx3", "labels-idx1"))
    if images.ndim != 3 or labels.shape != images.shape[:1]:
        raise SweepgdError(f"{folder}: images of shape {images.shape} and labels of {labels.shape}: use the original files")
    inputs = images.reshape(len(images), -1)
    features = tuple(f"x{pixel}" for pixel in range(inputs.shape[1]))
    return Table(inputs, labels[:, None].astype(np.float64), features, CLASSES, image=(*images.shape[1:], 1))


def _load(rng: np.random.Generator, folder: str) -> Table:
    path = Path(folder).expanduser()
    train, test = _part(path, "train"), _part(path, "t10k")
    return replace(train, test=test)


fashion_mnist = Dataset(
    name="fashion_mnist",
    task="classification",
    load=_load,
    settings=(Setting("folder", FOLDER, "folder of the four IDX files"),),
    description="60,000 images of clothes of 10 kinds, 28 by 28 pixels with values from 0 to 255, and 10,000 test images",
    source="Xiao, Rasul & Vollgraf 2017; Debian's package dataset-fashion-mnist",
)
