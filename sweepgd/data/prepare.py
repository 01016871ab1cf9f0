"""Make arrays from a `[data]` table: load, check, take a subset, split, add label noise, standardize, make read-only."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.random_streams import DRAWING, NOISE, SPLIT, SUBSET, stream
from sweepgd.data.byte_inputs import byte_scaling, divided, held_as_bytes
from sweepgd.data.column_kinds import described
from sweepgd.data.contract import Array, Data, Part, Table, Task
from sweepgd.data.data_spec import DataSpec, dataset_settings
from sweepgd.data.encode import encoded
from sweepgd.data.raw import TIMES
from sweepgd.data.split import split_rows
from sweepgd.data.standardize import byte_statistics, converted, image_statistics, statistics
from sweepgd.data.table_checks import check_classes, check_memory, check_table
from sweepgd.plugins import registry

Scaling = tuple[Array, Array] | None


def prepare(spec: DataSpec, *, seed: int | None = None, dtype: str = "float32", reads_bytes: bool = False) -> Data:
    """Return the data that `spec` describes, generated and split with `seed` (default `spec.seed`), as "float32" or "float64".

    With `reads_bytes`, inputs that are bytes stay bytes, and images are standardized by channel (`Model.reads_bytes`). The
    result depends only on the arguments and, with `path`, on the file. Raises UsageError if the request cannot be met and
    SweepgdError if the data cannot be trained on.
    """
    seed = spec.seed if seed is None else seed
    name, task, table, target_names = _load(spec, stream(seed, DRAWING))
    train, validation, test = _rows(spec, task, table, name, seed)
    fingerprint, columns = _fingerprint(table, (train, validation, test)), described(table)
    table, encoding, notes = encoded(table, train, validation, spec.missing, name)

    train_targets = table.targets
    if spec.label_noise:
        train_targets = _noisy(table.targets, train, len(table.classes), spec.label_noise, stream(seed, NOISE))
    keeps_bytes = reads_bytes and held_as_bytes(table)
    scaling = _input_scaling(spec, table, train, name, reads_bytes) if spec.standardize and task != "none" else None
    target_scaling = statistics(table.targets, train, target_names, name) if spec.standardize_targets else None

    test_table, test_name = table.test or table, spec.test_path or name
    parts = (
        (table, train_targets, train, name),
        (table, table.targets, validation, name),
        (test_table, test_table.targets, test, test_name),
    )
    if keeps_bytes:
        bytes_of = divided(table, train, validation, test)

    def part(number: int) -> Part | None:
        source, targets, rows, where = parts[number]
        if len(rows) == 0:
            return None
        numbers = converted(targets, rows, target_scaling, dtype, target_names, where)
        if keeps_bytes:
            return Part(bytes_of[number], numbers, byte_scaling(scaling, table.inputs.shape[1]))
        return Part(converted(source.inputs, rows, scaling, dtype, source.features, where), numbers)

    train_part = part(0)
    assert train_part is not None
    preprocessing: dict[str, Any] = dict(encoding)
    if spec.dates == "all":
        preprocessing["dates"] = [name for name, held in columns.items() if held == TIMES]
    if scaling is not None:
        preprocessing |= {"mean": scaling[0].tolist(), "scale": scaling[1].tolist()}
    if target_scaling is not None:
        preprocessing |= {"target_mean": target_scaling[0].tolist(), "target_scale": target_scaling[1].tolist()}
    return Data(
        name=name,
        task=task,
        train=train_part,
        validation=part(1),
        test=part(2),
        features=table.features,
        classes=table.classes,
        truth=table.truth,
        preprocessing=preprocessing,
        fingerprint=fingerprint,
        columns=columns,
        target_names=tuple(target_names),
        notes=(*table.notes, *notes),
        image=table.image,
    )


def _input_scaling(spec: DataSpec, table: Table, train: Array, name: str, reads_bytes: bool) -> tuple[Array, Array]:
    """Return mean and standard deviation of each input. Raises UsageError if data without channels are to be standardized by
    channel.
    """
    if table.image is None:
        if spec.standardize == "channels":
            raise UsageError(f'data.standardize = "channels" is for images, but {name} has none: give true or false')
        return statistics(table.inputs, train, table.features, name)
    if spec.standardize is True and not reads_bytes:
        return statistics(table.inputs, train, table.features, name)
    if table.inputs.dtype == np.uint8:
        return byte_statistics(table.inputs, train, table.image[2])
    return image_statistics(table.inputs, train, table.image[2], name)


def _load(spec: DataSpec, rng: np.random.Generator) -> tuple[str, Task, Table, Sequence[str]]:
    """Return the name, task and checked table of the data set, and the names of its targets."""
    task: Task
    if spec.path is not None:
        from sweepgd.data.user_files import load_file  # imported late, because Arrow takes 0.1 s

        assert spec.task is not None
        name, task = spec.path, spec.task
        _check_request(spec, name, task)
        table, target_names = load_file(spec)
    else:
        assert spec.name is not None
        name, settings = spec.name, dataset_settings(spec)
        dataset = registry.get("datasets", name)
        task = dataset.task
        _check_request(spec, name, task)
        if isinstance(settings.get("rows"), int):
            check_memory(name, settings["rows"], 2)  # at least one input and one target
        with registry.plugin_errors("datasets", name):
            try:
                table = dataset.load(rng, **settings)
            except MemoryError as error:
                raise SweepgdError("not enough memory: give fewer rows") from error
            if not isinstance(table, Table):
                raise SweepgdError(f"its `load` returns a {type(table).__name__}, not a Table")
        target_names = tuple(f"target {i}" for i in range(table.targets.shape[1]))
    gaps = spec.missing not in (None, "drop")
    check_table(table, task, name, target_names, gaps=gaps)
    if table.test is not None:
        check_table(table.test, task, spec.test_path or f"{name} (test)", target_names, gaps=gaps)
    if task == "classification":
        check_classes(table.targets, table.classes, name, "give data of two classes or more")
    return name, task, table, target_names


def _check_request(spec: DataSpec, name: str, task: Task) -> None:
    if task == "classification":
        if spec.standardize_targets:
            raise UsageError(f"data.standardize_targets is for regression, but the task of {name} is {task}: remove the key")
        return
    for key in ("label_noise", "class_weights"):
        if getattr(spec, key) not in (None, 0.0):
            raise UsageError(f"data.{key} is for classification, but the task of {name} is {task}: remove data.{key}")
    if spec.split == "stratified":
        raise UsageError(f'data.split = "stratified" is for classification, but the task of {name} is {task}: use "random"')


def _rows(spec: DataSpec, task: Task, table: Table, name: str, seed: int) -> tuple[Array, Array, Array]:
    """Return the row numbers for training, validation and test. The test row numbers refer to `table.test` if there is one."""
    rows = np.arange(len(table.inputs))
    empty = rows[:0]
    if task == "none":
        return rows, empty, empty
    if spec.subset is not None:
        if spec.subset > len(rows):
            raise UsageError(f"data.subset = {spec.subset}: {name} has only {len(rows)} rows: give a smaller number")
        rows = np.sort(stream(seed, SUBSET).permutation(rows)[: spec.subset])
    labels = table.targets[:, 0] if task == "classification" else None
    test_share = spec.test if table.test is None else 0.0
    train, validation, test = split_rows(rows, labels, spec.split, spec.validation, test_share, stream(seed, SPLIT))
    if labels is not None:
        hint = 'use data.split = "stratified", or more rows'
        check_classes(labels[train], table.classes, f"training rows of {name}", hint)
    return train, validation, test if table.test is None else np.arange(len(table.test.inputs))


def _noisy(targets: Array, train: Array, classes: int, share: float, rng: np.random.Generator) -> Array:
    """Return `targets` with a share of the training labels replaced by another class, chosen uniformly.

    A larger share also changes all labels that a smaller share changes.
    """
    chosen, shift = rng.permutation(train), rng.integers(1, classes, len(train))
    count = round(share * len(train))
    noisy = targets.copy()
    noisy[chosen[:count], 0] = (noisy[chosen[:count], 0] + shift[:count]) % classes
    return noisy


def _fingerprint(table: Table, parts: Sequence[Array]) -> str:
    digest = hashlib.sha256()
    tables = (table,) if table.test is None else (table, table.test)
    levels = [each.levels for each in tables if each.levels]
    if levels:
        digest.update(json.dumps(levels).encode())
    for array in (*(array for each in tables for array in (each.inputs, each.targets)), *parts):
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
