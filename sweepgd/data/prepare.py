"""Make arrays from a `[data]` table: load, check, take a subset, split, add label noise, standardize, make read-only."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from sweepgd.core.errors import SweepgdError, UsageError
from sweepgd.core.random_streams import DRAWING, NOISE, SPLIT, SUBSET, stream
from sweepgd.data.column_kinds import described
from sweepgd.data.contract import Array, Data, Part, Table, Task
from sweepgd.data.data_spec import DataSpec, dataset_settings
from sweepgd.data.encode import encoded
from sweepgd.data.raw import TIMES
from sweepgd.data.split import split_rows
from sweepgd.data.table_checks import check_classes, check_finite, check_memory, check_table
from sweepgd.plugins import registry

BLOCK = 4096  # the number of rows converted at a time, so that no second copy of a large table is made


def prepare(spec: DataSpec, *, seed: int | None = None, dtype: str = "float32") -> Data:
    """Return the data that `spec` describes, generated and split with `seed` (default `spec.seed`), as "float32" or "float64".

    The result depends only on the arguments and, with `path`, on the file. Raises UsageError if the request cannot be met
    and SweepgdError if the data cannot be trained on.
    """
    seed = spec.seed if seed is None else seed
    name, task, table, target_names = _load(spec, stream(seed, DRAWING))
    train, validation, test = _rows(spec, task, table, name, seed)
    fingerprint, columns = _fingerprint(table, (train, validation, test)), described(table)
    table, encoding, notes = encoded(table, train, validation, spec.missing, name)

    train_targets = table.targets
    if spec.label_noise:
        train_targets = _noisy(table.targets, train, len(table.classes), spec.label_noise, stream(seed, NOISE))
    scaling = _statistics(table.inputs, train, table.features, name) if spec.standardize and task != "none" else None
    target_scaling = _statistics(table.targets, train, target_names, name) if spec.standardize_targets else None

    def part(source: Table, targets: Array, rows: Array, where: str) -> Part | None:
        if len(rows) == 0:
            return None
        return Part(
            converted(source.inputs, rows, scaling, dtype, source.features, where),
            converted(targets, rows, target_scaling, dtype, target_names, where),
        )

    train_part = part(table, train_targets, train, name)
    assert train_part is not None
    preprocessing: dict[str, Any] = dict(encoding)
    if spec.dates == "all":
        preprocessing["dates"] = [name for name, held in columns.items() if held == TIMES]
    if scaling is not None:
        preprocessing |= {"mean": scaling[0].tolist(), "scale": scaling[1].tolist()}
    if target_scaling is not None:
        preprocessing |= {"target_mean": target_scaling[0].tolist(), "target_scale": target_scaling[1].tolist()}
    test_table = table.test or table
    return Data(
        name=name,
        task=task,
        train=train_part,
        validation=part(table, table.targets, validation, name),
        test=part(test_table, test_table.targets, test, spec.test_path or name),
        features=table.features,
        classes=table.classes,
        truth=table.truth,
        preprocessing=preprocessing,
        fingerprint=fingerprint,
        columns=columns,
        target_names=tuple(target_names),
        notes=(*table.notes, *notes),
    )


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


def _blocks(rows: Array) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, len(rows), BLOCK))


def _statistics(values: Array, rows: Array, columns: Sequence[str], where: str) -> tuple[Array, Array]:
    """Return mean and standard deviation of each column over `rows` in float64. A constant column has the standard deviation 1.

    Raises SweepgdError if the variance of a column overflows float64.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean = sum(values[rows[block]].sum(axis=0, dtype=np.float64) for block in _blocks(rows)) / len(rows)
        squares = sum(np.square(values[rows[block]] - mean).sum(axis=0) for block in _blocks(rows))
        scale = np.sqrt(squares / len(rows))
    if not np.isfinite(scale).all():
        column = int(np.argmin(np.isfinite(scale)))
        row = rows[np.argmax(np.abs(values[rows, column]))]
        raise SweepgdError(
            f"{where}: column {columns[column]!r}, row {row + 1} is {values[row, column]:g}: too large to standardize;"
            " give smaller units"
        )
    constant = np.logical_and.reduce([(values[rows[block]] == values[rows[0]]).all(axis=0) for block in _blocks(rows)])
    # Rounding of the mean gives a constant column a scale of about 1e-17. Division by it would turn test values into 1e17.
    mean = np.where(constant, values[rows[0]], mean)
    return mean, np.where(constant | (scale == 0), 1.0, scale)


def converted(
    values: Array, rows: Array, scaling: tuple[Array, Array] | None, dtype: str, columns: Sequence[str], where: str
) -> Array:
    """Return the given rows, scaled if `scaling` is given, contiguous and read-only. Raises SweepgdError if `dtype`
    overflows.
    """
    out = np.empty((len(rows), values.shape[1]), dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        for block in _blocks(rows):
            chunk = values[rows[block]]
            out[block] = chunk if scaling is None else (chunk - scaling[0]) / scaling[1]
    check_finite(out, columns, where, f"too large for {dtype}; give smaller units", rows)
    out.flags.writeable = False
    return out


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
