"""A prepared data set on disk. All worker processes map the same read-only copy."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sweepgd.data.contract import Array, Data, Part

_PARTS = ("train", "validation", "test")


def save(data: Data, folder: Path) -> None:
    """Write a data set to an empty folder."""
    for name in _PARTS:
        part = getattr(data, name)
        if part is not None:
            np.save(folder / f"{name}_inputs.npy", part.inputs)
            np.save(folder / f"{name}_targets.npy", part.targets)
    empty = Part(np.empty((0, 0)), np.empty((0, 0)), data.train.scaling)
    (folder / "rest.pickle").write_bytes(pickle.dumps(replace(data, train=empty, validation=None, test=None)))


def open_saved(folder: Path) -> Data:
    """Return the data set that `save` wrote, with memory-mapped arrays."""
    rest: Data = pickle.loads((folder / "rest.pickle").read_bytes())
    parts: dict[str, Any] = {name: _part(folder, name, rest.train.scaling) for name in _PARTS}
    return replace(rest, **parts)


def _part(folder: Path, name: str, scaling: Array | None) -> Part | None:
    inputs = folder / f"{name}_inputs.npy"
    return Part(_mapped(inputs), _mapped(folder / f"{name}_targets.npy"), scaling) if inputs.exists() else None


def _mapped(path: Path) -> Array:
    return np.asarray(np.load(path, mmap_mode="r"))
