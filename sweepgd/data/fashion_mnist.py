"""Fashion-MNIST, read from the IDX files that Debian's package dataset-fashion-mnist installs."""

from pathlib import Path

import numpy as np

from sweepgd.core.setting import Setting
from sweepgd.data.contract import Dataset, Table

FOLDER = "/usr/share/datasets/fashion-mnist"
CLASSES = ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
HINT = "install Debian's package (apt install dataset-fashion-mnist), or give the folder of the four files in data.folder"


def _load(rng: np.random.Generator, folder: str) -> Table:
    from sweepgd.data.idx_folder import read_idx_folder

    return read_idx_folder(Path(folder).expanduser(), CLASSES, HINT)


fashion_mnist = Dataset(
    name="fashion_mnist",
    task="classification",
    load=_load,
    settings=(Setting("folder", FOLDER, "folder of the four IDX files"),),
    description="60,000 images of clothes of 10 kinds, 28 by 28 pixels with values from 0 to 255, and 10,000 test images",
    source="Xiao, Rasul & Vollgraf 2017; Debian's package dataset-fashion-mnist",
)
