"""The binary versions of CIFAR-10 and CIFAR-100: labels, then 32 × 32 values of red, of green and of blue, for each image.

Krizhevsky 2009, Learning multiple layers of features from tiny images. Nothing is unpickled.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.data.contract import Array, Table
from sweepgd.data.table_checks import check_memory, reading

SIDE, CHANNELS = 32, 3
VALUES = SIDE * SIDE * CHANNELS
BLOCK = 1000  # the number of images read at a time, which keeps temporary arrays small
FEATURES = tuple(f"x{value}" for value in range(VALUES))


class Version(NamedTuple):
    """One of the two data sets: for each label of an image, its name, the number of classes and the file of their names."""

    name: str
    labels: dict[str, tuple[int, str]]

    @property
    def record(self) -> int:
        """The number of bytes of an image with its labels."""
        return len(self.labels) + VALUES


CIFAR10 = Version("CIFAR-10", {"class": (10, "batches.meta.txt")})
CIFAR100 = Version("CIFAR-100", {"coarse": (20, "coarse_label_names.txt"), "fine": (100, "fine_label_names.txt")})


def has_cifar(folder: Path) -> bool:
    """Return True if a folder has a binary file of CIFAR."""
    return any(folder.glob("*.bin"))


def read_cifar(path: Path, test: Path | None, label: str | None) -> Table:
    """Return the images of a file, or of a folder with the original names, as bytes in the order height, width, channels.

    The test set is the file `test`, or that of the folder. `label` is "fine" or "coarse" for CIFAR-100. Raises SweepgdError for
    a file of another length or with labels out of range, and UsageError for a label that the files do not have.
    """
    files = [path] if path.is_file() else sorted([*path.glob("data_batch*.bin"), *path.glob("train*.bin")])
    if not files:
        raise SweepgdError(f"{path}: no file data_batch_1.bin, …, data_batch_5.bin or train.bin: give the original files")
    found = {int(number[1]) for file in files if (number := re.fullmatch(r"data_batch_(\d)\.bin", file.name))}
    if path.is_dir() and (missing := set(range(1, max(found, default=0))) - found):
        raise SweepgdError(f"{path}: data_batch_{min(missing)}.bin is missing: download it again, or name one of the others")
    own_test = next((path / name for name in ("test_batch.bin", "test.bin") if (path / name).is_file()), None)
    version = _version(files[0])
    if label is not None and label not in version.labels:
        raise UsageError(f'data.target = "{label}", but {files[0]} is of {version.name}: remove data.target')
    chosen = label or list(version.labels)[-1]
    classes = _class_names(files[0].parent, *version.labels[chosen])
    rest = test or own_test
    parts = [_part(each, version, chosen, classes) for each in (files, [rest] if rest else []) if each]
    return Table(**vars(parts[0]) | {"test": parts[1] if len(parts) > 1 else None})


def _version(path: Path) -> Version:
    """Return the data set of a file by its name or, for another name, by its length."""
    if re.match(r"(data|test)_batch", path.name):
        return CIFAR10
    if path.name in ("train.bin", "test.bin"):
        return CIFAR100
    size = path.stat().st_size
    fits = [version for version in (CIFAR10, CIFAR100) if size and size % version.record == 0]
    if len(fits) != 1:
        raise SweepgdError(
            f"{path}: {size:,} bytes are not a whole number of images of CIFAR-10 ({CIFAR10.record:,} bytes each) or of"
            f" CIFAR-100 ({CIFAR100.record:,}): download it again, and keep its original name"
        )
    return fits[0]


def _class_names(folder: Path, count: int, name: str) -> tuple[str, ...]:
    """Return the names of the classes from their file in the folder, or their numbers if there is no such file."""
    file = folder / name
    if not file.is_file():
        return tuple(str(number) for number in range(count))
    with reading(file):
        names = tuple(line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip())
    if len(set(names)) != count or len(names) != count:
        raise SweepgdError(f"{file}: {len(set(names))} different names for {count} classes: download it again, or remove it")
    return names


def _part(files: Sequence[Path], version: Version, chosen: str, classes: tuple[str, ...]) -> Table:
    counts = [_count(file, version) for file in files]
    check_memory(files[0].parent, sum(counts), VALUES, 1)
    inputs, labels = np.empty((sum(counts), VALUES), np.uint8), np.empty((sum(counts), 1))
    start = 0
    for file, count in zip(files, counts, strict=True):
        _read(file, version, list(version.labels).index(chosen), inputs[start : start + count], labels[start : start + count])
        wrong = np.flatnonzero(labels[start : start + count] >= len(classes))
        if len(wrong):
            raise SweepgdError(
                f"{file}: image {wrong[0] + 1} has the label {labels[start + wrong[0], 0]:g}, but {version.name} has the"
                f" classes 0 to {len(classes) - 1}: download it again"
            )
        start += count
    return Table(inputs, labels, FEATURES, classes, image=(SIDE, SIDE, CHANNELS))


def _count(file: Path, version: Version) -> int:
    """Return the number of images in a file, from its length."""
    with reading(file):
        size = file.stat().st_size
    if size == 0 or size % version.record:
        raise SweepgdError(
            f"{file}: {size:,} bytes are not a whole number of images of {version.name}, {version.record:,} bytes each: "
            "download it again"
        )
    return size // version.record


def _read(path: Path, version: Version, label: int, inputs: Array, labels: Array) -> None:
    """Read the images and labels of a file into arrays."""
    first = len(version.labels)
    with reading(path), path.open("rb") as file:
        for start in range(0, len(inputs), BLOCK):
            count = min(BLOCK, len(inputs) - start)
            records = np.frombuffer(file.read(count * version.record), np.uint8).reshape(count, version.record)
            planes = records[:, first:].reshape(count, CHANNELS, SIDE, SIDE)
            inputs[start : start + count] = planes.transpose(0, 2, 3, 1).reshape(count, VALUES)
            labels[start : start + count, 0] = records[:, label]
