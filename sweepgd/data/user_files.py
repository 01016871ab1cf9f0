"""Read a user's file as a checked table, with labels as class numbers, and with the test set."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.data.column_source import Source
from sweepgd.data.contract import Array, Image, Table
from sweepgd.data.data_spec import DataSpec
from sweepgd.data.formats import check_content, existing, existing_folder, format_of
from sweepgd.data.incomplete_rows import complete
from sweepgd.data.labels import encode
from sweepgd.data.missing_markers import stand_for_missing, with_gaps
from sweepgd.data.raw import TIMES, TRUTH_VALUES, Faults, Names, Raw
from sweepgd.data.spec_checks import has_labels, listed

# Keys that do not apply to a format. Text in an NPZ file may be bytes, so `encoding` applies to it.
COLUMN_KEYS, DIALECT_KEYS = ("exclude", "categories", "dates"), ("header", "separator", "decimal")
UNUSED = {
    "parquet": (*DIALECT_KEYS, "encoding"),
    "npz": (*COLUMN_KEYS, *DIALECT_KEYS),
    "idx": (*COLUMN_KEYS, *DIALECT_KEYS, "encoding"),
}


def load_file(spec: DataSpec) -> tuple[Table, Names]:
    """Return the table of `spec.path`, with its test set if there is one, and the names of the targets.

    Raises SweepgdError for a fault in a file, and UsageError for a fault in the request.
    """
    assert spec.path is not None
    assert spec.task is not None
    if has_labels(spec.path):
        return _load_images(spec), ("class",)
    _check_request(spec)
    raw, own = {"csv": _read_csv, "parquet": _read_parquet, "npz": _read_npz, "idx": _read_idx}[format_of(spec.path)](spec)
    table = _table(raw, spec.task, spec.path)
    if own is None:
        return table, raw.target_names
    where = spec.test_path or spec.path
    if own.inputs.shape[1] != raw.inputs.shape[1] or own.targets.shape[1] != raw.targets.shape[1]:
        raise SweepgdError(
            f"{where}: {own.inputs.shape[1]} inputs and {own.targets.shape[1]} targets, but {spec.path} has"
            f" {raw.inputs.shape[1]} and {raw.targets.shape[1]}: give a test file with the same columns"
        )
    test = _table(own, spec.task, where, table.classes)
    return Table(**vars(table) | {"test": test, "notes": tuple(dict.fromkeys((*table.notes, *test.notes)))}), raw.target_names


def _load_images(spec: DataSpec) -> Table:
    from sweepgd.data.cifar import has_cifar, read_cifar
    from sweepgd.data.image_folder import read_folder

    places = [Path(path) for path in (spec.path, spec.test_path) if path]
    found = [(existing if format_of(str(path)) == "cifar" else existing_folder)(str(path)) for path in places]
    path, test = found[0], found[1] if len(found) > 1 else None
    if test is not None and path.samefile(test):
        raise UsageError("data.test_path is the same as data.path: give another file or folder")
    if path.is_file() or has_cifar(path):
        if test is not None and not test.is_file():
            raise UsageError(f"data.test_path = {spec.test_path!r}: give a binary file of CIFAR, such as test_batch.bin")
        return read_cifar(path, test, None if spec.target is None else str(spec.target))
    if spec.target is not None:
        raise UsageError(f"data.target is for CIFAR-100, but {spec.path} is a folder of images: remove data.target")
    return read_folder(path, test)


def _check_request(spec: DataSpec) -> None:
    assert spec.path is not None
    form = format_of(spec.path)
    if spec.task == "classification" and len(listed(spec.target)) > 1:
        raise UsageError(
            f"data.target names {len(listed(spec.target))} columns, but a classification has one target: name one column"
        )
    for key in UNUSED.get(form, ()):
        if getattr(spec, key) is not None:
            of = "names columns of a CSV or Parquet file" if key in COLUMN_KEYS else "says how a CSV or TSV file is written"
            raise UsageError(f"data.{key} {of}, but {spec.path} is of another format: remove data.{key}")
    if spec.test_path is None:
        return
    if format_of(spec.test_path) != form:
        raise UsageError(f"data.test_path {spec.test_path} has another format than {spec.path}: use one format for both")
    if form == "idx":
        if spec.test_target is None:
            raise UsageError("data.test_path of an IDX file needs data.test_target: the file of its labels")
        if spec.test_target == spec.target:
            raise UsageError(
                f"data.test_target and data.target are both {spec.target}: give the file of the test images' labels"
            )
    if form == "npz" and spec.test_inputs is not None:
        return
    if existing(spec.path).samefile(existing(spec.test_path)):
        inputs = ", or name the test arrays of this file in data.test_inputs and data.test_target" if form == "npz" else ""
        raise UsageError(f"data.test_path is the training file itself: give another file{inputs}")


def _read_csv(spec: DataSpec) -> tuple[Raw, Raw | None]:
    from sweepgd.data.delimited import open_delimited

    return _read_columns(spec, lambda path: open_delimited(path, spec))


def _read_parquet(spec: DataSpec) -> tuple[Raw, Raw | None]:
    from sweepgd.data.parquet import open_parquet

    return _read_columns(spec, open_parquet)


def _read_columns(spec: DataSpec, open_: Callable[[Path], Source]) -> tuple[Raw, Raw | None]:
    from sweepgd.data.tabular_files import read_columns

    def part(spec: DataSpec, path: str, targets: Names, inputs: Names) -> Raw:
        file, faults = existing(path), Faults(path)
        check_content(file, spec.encoding or "utf-8")
        raw = read_columns(open_(file), spec, targets, inputs, faults)
        return complete(raw, spec, faults)

    assert spec.path is not None
    targets = listed(spec.target)
    raw = part(spec, spec.path, targets, listed(spec.inputs))
    if spec.test_path is None:
        return raw, None
    # Columns have the same kinds as in the training file. With "all", the contents of the test file would decide the kinds.
    kinds = {"categories": list(raw.levels), "dates": [name for name, held in raw.holds.items() if held == TIMES]}
    same = spec.model_copy(update={key: names for key, names in kinds.items() if getattr(spec, key) == "all"})
    return raw, part(same, spec.test_path, listed(spec.test_target) or targets, raw.features)


def _read_npz(spec: DataSpec) -> tuple[Raw, Raw | None]:
    from sweepgd.data import npz

    def part(path: str, arrays: dict[str, npz.Declared], roles: npz.Roles) -> Raw:
        assert spec.task is not None
        return _flat(*npz.read_arrays(existing(path), arrays, roles, spec), roles.target, spec, path)

    assert spec.path is not None
    file = existing(spec.path)
    check_content(file)
    arrays = npz.declared(file)
    roles, test = npz.roles(spec, arrays)
    if test is not None:
        shared = set(roles) & set(test)
        if shared:
            raise UsageError(
                f"{spec.path}: array {min(shared)!r} is named for both the training and the test part: name another array for "
                "one of them"
            )
        return part(spec.path, arrays, roles), part(spec.path, arrays, test)
    raw = part(spec.path, arrays, roles)
    if spec.test_path is None:
        return raw, None
    check_content(existing(spec.test_path))
    own = npz.declared(existing(spec.test_path))
    test = npz.test_roles(spec, own, roles)
    if set(roles) & set(test) and file.samefile(existing(spec.test_path)):
        raise UsageError(
            f"{spec.path}: one array is named for both the training and the test part: name another array for one of them"
        )
    return raw, part(spec.test_path, own, test)


def _read_idx(spec: DataSpec) -> tuple[Raw, Raw | None]:
    if spec.inputs is not None:
        raise UsageError("data.inputs names columns, but an IDX file has none: remove data.inputs")
    if not isinstance(spec.target, str):
        raise UsageError(f"data.target = {spec.target!r}: give the name of one IDX file of labels")

    def part(path: str, target: str) -> Raw:
        from sweepgd.data.idx import read_idx

        files = existing(path), existing(target)
        if files[0].samefile(files[1]):
            raise UsageError(f"{path} is named for both inputs and target: give the file of the labels as the target")
        for file in files:
            check_content(file)
        values, labels = map(read_idx, files)
        if labels.ndim != 1 or values.ndim == 0:
            raise SweepgdError(
                f"{target}: the file has {labels.ndim} dimensions, but labels have 1: give the inputs in data.path and the "
                "labels in data.target"
            )
        return _flat(values, labels, target, spec, path)

    assert spec.path is not None
    raw = part(spec.path, spec.target)
    return raw, part(spec.test_path, spec.test_target) if spec.test_path and spec.test_target else None


def _flat(values: Array, labels: Array, target: str, spec: DataSpec, where: str) -> Raw:
    """Return arrays of any shape as rows of columns, with missing labels marked."""
    image = image_shape(values.shape[1:])
    values, labels = (array.reshape(len(array), int(np.prod(array.shape[1:]))) for array in (values, labels))
    if len(values) != len(labels):
        raise SweepgdError(
            f"{where}: {len(values)} rows of inputs but {len(labels)} of targets: give one row of targets for each row of "
            "inputs"
        )
    names = tuple(f"x{column}" for column in range(values.shape[1]))
    holds = dict.fromkeys(names, TRUTH_VALUES) if values.dtype.kind == "b" else {}
    values = values.view(np.uint8) if holds else with_gaps(values, spec.missing_numbers)
    targets = (target,) if labels.shape[1] == 1 else tuple(f"{target}[{i}]" for i in range(labels.shape[1]))
    if labels.dtype.kind == "U":
        labels = np.char.strip(labels)
        unlabelled = np.isin(labels, spec.missing_texts)
    elif labels.dtype.kind == "b":
        unlabelled = np.zeros(labels.shape, bool)
    else:
        unlabelled = np.isnan(labels) | stand_for_missing(labels, spec.missing_numbers)
    raw = Raw(values, labels, np.asarray(unlabelled.any(axis=1)), names, targets, {}, holds=holds, image=image)
    return complete(raw, spec, Faults(where))


def _table(raw: Raw, task: str, path: str, classes: Names = ()) -> Table:
    if task == "classification":
        if raw.targets.shape[1] != 1:
            hint = "; for one-hot labels, save the class numbers: labels.argmax(axis=1)"
            raise SweepgdError(f"{path}: {raw.targets.shape[1]} columns of labels, but a classification has one{hint}")
        targets, classes = encode(raw.targets[:, 0], classes, path, raw.target_names[0])
    else:
        targets = raw.targets
    return Table(
        raw.inputs, targets, raw.features, classes, levels=raw.levels, notes=raw.notes, holds=raw.holds, image=raw.image
    )


def image_shape(shape: tuple[int, ...]) -> Image | None:
    """Return the shape of one row of an array as (height, width, channels), or None if a row is no image."""
    match shape:
        case (height, width):
            return height, width, 1
        case (height, width, channels):
            return height, width, channels
    return None
