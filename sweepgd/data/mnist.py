"""MNIST and Kuzushiji-MNIST, from a folder of their four IDX files or downloaded."""

from pathlib import Path

import numpy as np

from sweepgd.core.setting import Setting
from sweepgd.data.contract import Dataset, Table
from sweepgd.data.downloads import FOLDER_MEANING, Download, downloaded

HINT = "give the folder of the four files in data.folder"
DIGITS = tuple(str(digit) for digit in range(10))
# The syllables of hiragana.
SYLLABLES = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
# The MD5 digests are those in torchvision's mnist.py.
MNIST = Download(
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    {
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    },
)
KMNIST = Download(
    "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    {
        "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
        "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
        "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
        "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
    },
)


def _load_mnist(rng: np.random.Generator, folder: str) -> Table:
    return _table("mnist", MNIST, folder, DIGITS)


def _load_kmnist(rng: np.random.Generator, folder: str) -> Table:
    return _table("kmnist", KMNIST, folder, SYLLABLES)


def _table(name: str, download: Download, folder: str, classes: tuple[str, ...]) -> Table:
    from sweepgd.data.idx_folder import read_idx_folder

    place = Path(folder).expanduser() if folder else downloaded(name, download)
    return read_idx_folder(place, classes, HINT)


mnist = Dataset(
    name="mnist",
    task="classification",
    load=_load_mnist,
    settings=(Setting("folder", "", FOLDER_MEANING),),
    description="60,000 images of handwritten digits, 28 by 28 pixels with values from 0 to 255, and 10,000 test images",
    source="LeCun, Bottou, Bengio & Haffner 1998",
)

kmnist = Dataset(
    name="kmnist",
    task="classification",
    load=_load_kmnist,
    settings=(Setting("folder", "", FOLDER_MEANING),),
    description="60,000 images of 10 handwritten hiragana, 28 by 28 pixels with values from 0 to 255, and 10,000 test images",
    source="Clanuwat et al. 2018, Deep learning for classical Japanese literature (Kuzushiji-MNIST)",
)
