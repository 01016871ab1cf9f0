"""CIFAR-10 and CIFAR-100, from a folder of their binary versions or downloaded."""

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.core.setting import Setting
from sweepgd.data.contract import Dataset, Table
from sweepgd.data.downloads import FOLDER_MEANING, Download, downloaded

# The MD5 digests are those that https://www.cs.toronto.edu/~kriz/cifar.html publishes.
SERVER = "https://www.cs.toronto.edu/~kriz/"
CIFAR10 = Download(
    SERVER,
    {"cifar-10-binary.tar.gz": "c32a1d4ab5d03f1284b67883e8d87530"},
    "cifar-10-batches-bin",
    (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin", "batches.meta.txt"),
)
CIFAR100 = Download(
    SERVER,
    {"cifar-100-binary.tar.gz": "03b5dce01913d631647c71ecec9e9cb8"},
    "cifar-100-binary",
    ("train.bin", "test.bin", "fine_label_names.txt", "coarse_label_names.txt"),
)


def _load_cifar10(rng: np.random.Generator, folder: str) -> Table:
    return _table("cifar10", CIFAR10, folder, None)


def _load_cifar100(rng: np.random.Generator, folder: str, labels: str) -> Table:
    return _table("cifar100", CIFAR100, folder, labels)


def _table(name: str, download: Download, folder: str, label: str | None) -> Table:
    from sweepgd.data.cifar import read_cifar
    from sweepgd.data.formats import existing_folder

    place = existing_folder(folder) if folder else downloaded(name, download)
    for file in download.members:
        if file.endswith(".bin") and not (place / file).is_file():
            raise SweepgdError(f"{place}: {file} is missing: give the folder of all its files in data.folder")
    return read_cifar(place, None, label)


cifar10 = Dataset(
    name="cifar10",
    task="classification",
    load=_load_cifar10,
    settings=(Setting("folder", "", FOLDER_MEANING),),
    description="50,000 colour images of 10 kinds of things, 32 by 32 pixels with values from 0 to 255, and 10,000 test images",
    source="Krizhevsky 2009, Learning multiple layers of features from tiny images; its binary version",
)

cifar100 = Dataset(
    name="cifar100",
    task="classification",
    load=_load_cifar100,
    settings=(
        Setting("folder", "", FOLDER_MEANING),
        Setting("labels", "fine", "100 classes or 20", choices=("fine", "coarse")),
    ),
    description="50,000 colour images of 100 kinds of things, 32 by 32 pixels with values from 0 to 255; 10,000 test images",
    source="Krizhevsky 2009, Learning multiple layers of features from tiny images; its binary version",
)
