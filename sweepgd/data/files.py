"""A user's own file as a table: the format by its name, the inputs and target by theirs, labels as class numbers."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sweepgd.data.checks import reading
from sweepgd.data.contract import Array, Table
from sweepgd.data.idx import read_idx
from sweepgd.data.spec import DataSpec
from sweepgd.problem import Problem, UsageProblem, nearest


class Raw(NamedTuple):
    """What a file holds: inputs (n, d), targets (n, k) not yet encoded, and the names of their columns."""

    inputs: Array
    targets: Array
    features: tuple[str, ...]
    target_names: tuple[str, ...]


Names = tuple[str, ...]
Reader = Callable[[Path, Names, Names, str], Raw]


def load_file(spec: DataSpec) -> tuple[Table, Names]:
    """The table of `spec.path`, with `spec.test_path` as its test set, and the names of its targets.

    Raises Problem for what is wrong with a file, UsageProblem for what is wrong with the request.
    """
    assert spec.path is not None
    assert spec.task is not None
    targets, inputs = _names(spec.target), _names(spec.inputs)
    raw = _read(spec.path, targets, inputs, spec.task)
    table = _table(raw, spec.task, spec.path)
    if spec.test_path is None:
        return table, raw.target_names
    reader = _reader(spec.path)
    if _reader(spec.test_path) is not reader:
        raise UsageProblem(f"data.test_path {spec.test_path} is of another format than {spec.path}: give both in one")
    if reader is _read_idx and spec.test_target is None:
        raise UsageProblem("data.test_path of an IDX file needs data.test_target: the file of its labels")
    test_inputs = raw.features if reader is _read_columns else inputs
    own = _read(spec.test_path, _names(spec.test_target) or targets, test_inputs, spec.task)
    if own.inputs.shape[1] != raw.inputs.shape[1] or own.targets.shape[1] != raw.targets.shape[1]:
        raise Problem(
            f"{spec.test_path}: {own.inputs.shape[1]} inputs and {own.targets.shape[1]} targets, but {spec.path} has"
            f" {raw.inputs.shape[1]} and {raw.targets.shape[1]}: give a test file of the same columns"
        )
    test = _table(own, spec.task, spec.test_path, table.classes)
    return Table(table.inputs, table.targets, table.features, table.classes, test=test), raw.target_names


def _names(given: str | list[str] | None) -> Names:
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def _reader(path: str) -> Reader:
    name = Path(path).name.lower()
    if name.endswith((".csv", ".csv.gz", ".parquet")):
        return _read_columns
    if name.endswith(".npz"):
        return _read_npz
    # MNIST's own names: train-images-idx3-ubyte.gz, train-images.idx3-ubyte.
    if re.search(r"[-.]idx\d?(-\w+)?(\.gz)?$", name):
        return _read_idx
    raise UsageProblem(f"{path}: unknown format: give .csv, .parquet, .npz, .idx or -idx3-ubyte (CSV, IDX also .gz)")


def _read(path: str, targets: Names, inputs: Names, task: str) -> Raw:
    reader = _reader(path)
    file = _existing(path)
    if task == "classification" and len(targets) > 1:
        raise UsageProblem(f"data.target names {len(targets)} columns: a classification has one")
    return reader(file, targets, inputs, task)


def _existing(path: str) -> Path:
    file = Path(path).expanduser()
    if not file.exists():
        raise Problem(f"no such file: {path}")
    if not file.is_file():
        raise Problem(f"not a file: {path}")
    return file


def _read_columns(path: Path, targets: Names, inputs: Names, task: str) -> Raw:
    from sweepgd.data import columns

    read = columns.read_parquet if path.name.lower().endswith(".parquet") else columns.read_csv
    table = read(path, (*targets, *inputs))
    shared = set(targets) & set(inputs)
    if shared:
        raise UsageProblem(f"{path}: column {min(shared)!r} is in both data.target and data.inputs: remove it from one")
    features = inputs or tuple(name for name in table.column_names if name not in targets)
    if task == "classification":
        values = columns.labels(table, targets[0], path)[:, None]
    else:
        values = columns.matrix(table, targets, path)
    return Raw(columns.matrix(table, features, path), values, features, targets)


def _read_npz(path: Path, targets: Names, inputs: Names, task: str) -> Raw:
    target = _single(targets, "data.target", "NPZ array")
    # Opened here because np.load leaves a damaged archive open.
    with reading(path), path.open("rb") as file:
        archive = np.load(file)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("it holds a single array, not an NPZ archive")
        others = [name for name in archive.files if name != target]
        if inputs:
            name = _single(inputs, "data.inputs", "NPZ array")
        elif len(others) == 1:
            name = others[0]
        else:
            raise UsageProblem(f"{path}: name the array of inputs in data.inputs; besides {target!r} it has {others}")
        for wanted in (target, name):
            if wanted not in archive.files:
                raise UsageProblem(f"{path}: no array {wanted!r}: {nearest(wanted, archive.files)}")
        values, labels = archive[name], archive[target]
    if values.dtype.kind not in "fiub" or values.ndim == 0:
        raise Problem(f"{path}: array {name!r} holds {values.dtype} of shape {values.shape}: give rows of numbers")
    if labels.dtype.kind not in ("fiubU" if task == "classification" else "fiub") or labels.ndim == 0:
        raise Problem(f"{path}: array {target!r} holds {labels.dtype} of shape {labels.shape}: no target of a {task}")
    return _flat(values, labels, target)


def _read_idx(path: Path, targets: Names, inputs: Names, task: str) -> Raw:
    if inputs:
        raise UsageProblem("data.inputs names columns, and an IDX file has none: remove it")
    target = _existing(_single(targets, "data.target", "IDX file of labels"))
    values, labels = read_idx(path), read_idx(target)
    if labels.ndim != 1 or values.ndim == 0:
        raise Problem(f"{target}: {labels.ndim} dimensions where labels have 1: give inputs in path, labels in target")
    return _flat(values, labels, str(target))


def _single(names: Names, key: str, what: str) -> str:
    if len(names) != 1:
        raise UsageProblem(f"{key} = {list(names)!r}: give the name of one {what}")
    return names[0]


def _flat(values: Array, labels: Array, target: str) -> Raw:
    values, labels = (array.reshape(len(array), int(np.prod(array.shape[1:]))) for array in (values, labels))
    names = (target,) if labels.shape[1] == 1 else tuple(f"{target}[{i}]" for i in range(labels.shape[1]))
    return Raw(values, labels, tuple(f"x{i}" for i in range(values.shape[1])), names)


def _table(raw: Raw, task: str, path: str, classes: Names = ()) -> Table:
    if task == "regression":
        return Table(raw.inputs, raw.targets, raw.features)
    if raw.targets.shape[1] != 1:
        raise Problem(f"{path}: {raw.targets.shape[1]} columns of labels: a classification has one")
    numbers, classes = encode(raw.targets[:, 0], classes, path, raw.target_names[0])
    return Table(raw.inputs, numbers, raw.features, classes)


def encode(labels: Array, classes: Sequence[str], where: str, column: str) -> tuple[Array, Names]:
    """Class numbers (n, 1) of whole or textual labels (n,), and the names of the classes in sorted order.

    Where `classes` is given, as for a test file, every label must be among them. Raises Problem where a label is
    neither text nor a whole number.
    """
    if labels.dtype.kind == "f":
        broken = np.flatnonzero(~((np.abs(labels) < 2.0**53) & (labels == np.floor(labels))))
        if len(broken):
            raise Problem(
                f"{where}: column {column!r}, row {broken[0] + 1} is {labels[broken[0]]:g}: classes are whole"
                ' numbers or text; for other numbers set data.task = "regression"'
            )
        labels = labels.astype(np.int64)
    levels, codes = np.unique(labels, return_inverse=True)
    names = tuple(str(level) for level in levels)
    classes = tuple(classes) or names
    for name in names:
        if name not in classes:
            raise Problem(f"{where}: column {column!r} has class {name!r}, which the training file has not")
    numbers = np.array([classes.index(name) for name in names], dtype=np.float64)
    return numbers[codes][:, None], classes
