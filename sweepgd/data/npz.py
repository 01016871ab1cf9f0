"""NPZ archives: find their arrays by name, check the headers before reading the arrays, and know the names that Keras uses."""

import zipfile
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib import format as npy

from sweepgd.core.errors import SweepgdError, UsageError, nearest
from sweepgd.data.contract import Array
from sweepgd.data.data_spec import DataSpec
from sweepgd.data.raw import in_one_line
from sweepgd.data.table_checks import check_memory, reading

# The arrays in archives of keras.datasets, such as mnist.npz.
KERAS = ("x_train", "y_train", "x_test", "y_test")
# The NumPy type kinds that a target may have.
TARGET_KINDS = {"classification": "fiubUS", "regression": "fiub"}


class Declared(NamedTuple):
    """The header of an array, and the number of bytes that the archive holds for its values."""

    shape: tuple[int, ...]
    dtype: np.dtype
    held: int


class Roles(NamedTuple):
    """The names of the arrays that hold the inputs and the target of one part of the data."""

    inputs: str
    target: str


def declared(path: Path) -> dict[str, Declared]:
    """Return the headers of all arrays of an archive by name. Raises SweepgdError if the file is not an archive of arrays."""
    arrays = {}
    with reading(path), zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            with archive.open(entry) as member:
                version = npy.read_magic(member)
                read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
                if read_header is None:
                    raise ValueError(f"{entry.filename} is an array of the unknown version {version}")
                shape, _, dtype = read_header(member)
                arrays[entry.filename.removesuffix(".npy")] = Declared(shape, dtype, entry.file_size - member.tell())
    return arrays


def roles(spec: DataSpec, arrays: Mapping[str, Declared]) -> tuple[Roles, Roles | None]:
    """Return the names of the training arrays in `spec.path`, and of the test arrays if they are in the same archive.

    Raises UsageError if the names are ambiguous.
    """
    path = spec.path
    keras = all(name in arrays for name in KERAS)
    target = _one(spec.target, "target") or ("y_train" if keras else None)
    if target is None:
        raise UsageError(f"{path}: name the array of the target in data.target; the file has {_listed(arrays)}")
    named = _one(spec.inputs, "inputs")
    is_keras = keras and target == "y_train" and named in (None, "x_train")
    inputs = named or ("x_train" if is_keras else _other(spec, arrays, target, "inputs", {spec.test_inputs, spec.test_target}))
    train = Roles(inputs, target)
    if spec.test_path is not None:
        return train, None
    if spec.test_inputs is None and spec.test_target is None:
        return train, Roles("x_test", "y_test") if is_keras else None
    if spec.test_inputs is None or spec.test_target is None:
        raise UsageError("data.test_inputs and data.test_target go together: give both arrays of the test set")
    return train, Roles(spec.test_inputs, spec.test_target)


def test_roles(spec: DataSpec, arrays: Mapping[str, Declared], train: Roles) -> Roles:
    """Return the names of the test arrays in `spec.test_path`: the given names, or else the names of the training arrays."""
    target = spec.test_target or train.target
    if spec.test_inputs is not None:
        return Roles(spec.test_inputs, target)
    return Roles(train.inputs if train.inputs in arrays else _other(spec, arrays, target, "test_inputs", set()), target)


def _one(given: str | list[str] | None, key: str) -> str | None:
    if isinstance(given, list):
        if len(given) != 1:
            raise UsageError(f"data.{key} = {given!r}: give the name of one NPZ array")
        return given[0]
    return given


def _other(spec: DataSpec, arrays: Mapping[str, Declared], target: str, key: str, taken: set[str | None]) -> str:
    others = [name for name in arrays if name != target and name not in taken]
    if len(others) == 1:
        return others[0]
    path = spec.path if key == "inputs" else spec.test_path
    raise UsageError(f"{path}: name the array of inputs in data.{key}; besides {target!r} the file has {_listed(others)}")


def _listed(names: Mapping[str, Declared] | list[str]) -> str:
    return ", ".join(repr(name) for name in names) or "none"


def read_arrays(path: Path, arrays: Mapping[str, Declared], part: Roles, spec: DataSpec) -> tuple[Array, Array]:
    """Return the inputs and target of one part. Raises SweepgdError, before reading, if an array does not fit its role."""
    for name in part:
        if name not in arrays:
            raise UsageError(f"{path}: no array {name!r}: {nearest(name, map(in_one_line, arrays))}")
    if part.inputs == part.target:
        raise UsageError(
            f"{path}: array {part.inputs!r} is named for both inputs and target: name another array for one of them"
        )
    assert spec.task is not None
    wanted = ((part.inputs, "fiub", "inputs"), (part.target, TARGET_KINDS[spec.task], f"the target of a {spec.task}"))
    for name, kinds, what in wanted:
        array = arrays[name]
        if array.dtype.kind not in kinds or not array.shape:
            raise SweepgdError(
                f"{path}: array {name!r} holds {_named(array.dtype)} of shape {array.shape}, not {what}{_hint(array)}"
            )
        _check_held(path, name, array)
    rows, *rest = arrays[part.inputs].shape
    check_memory(path, rows, prod(rest), arrays[part.inputs].dtype.itemsize)
    # The file is opened here, because np.load does not close a damaged archive.
    with reading(path), path.open("rb") as file:
        archive = np.load(file)
        inputs, target = archive[part.inputs], archive[part.target]
        return inputs, np.char.decode(target, spec.encoding or "utf-8") if target.dtype.kind == "S" else target


def read_all(path: Path) -> dict[str, Array]:
    """Return every array of an archive by name. Raises SweepgdError if the file is damaged or is not an archive of plain
    arrays.
    """
    arrays = declared(path)
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise SweepgdError(f"{path}: array {name!r} holds {_named(array.dtype)}{_hint(array)}")
        _check_held(path, name, array)
    with reading(path), path.open("rb") as file:
        archive = np.load(file, allow_pickle=False)
        return {name: archive[name] for name in arrays}


def _check_held(path: Path, name: str, array: Declared) -> None:
    expected = prod(array.shape) * array.dtype.itemsize
    if expected != array.held:
        raise SweepgdError(
            f"{path}: array {name!r} declares {array.shape} values of {array.dtype}, {expected:,} bytes, but holds"
            f" {array.held:,} bytes: the file is damaged; save it again"
        )


def _named(dtype: np.dtype) -> str:
    return "Python objects" if dtype.kind == "O" else str(dtype)


def _hint(array: Declared) -> str:
    if array.dtype.kind == "O":
        return ": objects are not read, because they may run code; save text with .astype(str), numbers with .astype(float)"
    return ": give rows of numbers, or name another array"
