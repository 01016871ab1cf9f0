"""Checks that the table of a data set is valid, and equal for equal seeds."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sweepgd.core.errors import SweepgdError
from sweepgd.data import Dataset, Table
from sweepgd.data.table_checks import check_classes, check_table
from sweepgd.plugins.checks.finding import Flaw

TASKS = ("regression", "classification", "none")


def _loaded(dataset: Dataset, seed: int = 0, **settings: Any) -> Any:
    chosen = {setting.name: setting.default for setting in dataset.settings} | settings
    return dataset.load(np.random.default_rng(seed), **chosen)


def table(dataset: Dataset) -> str:
    """Check that the loaded table has the declared arrays, names and task."""
    if dataset.task not in TASKS:
        raise Flaw(f"its task is {dataset.task!r}: give one of {', '.join(TASKS)}")
    found = _loaded(dataset)
    descriptions = [_described(dataset, found, "the table")]
    if found.test is not None:
        descriptions.append("test " + _described(dataset, found.test, "its test set"))
    return "; ".join(descriptions)


def _described(dataset: Dataset, found: Any, what: str) -> str:
    if not isinstance(found, Table):
        raise Flaw(f"{what} is a {type(found).__name__}: return a sweepgd.plugin.Table from `load`")
    for name, array in (("inputs", found.inputs), ("targets", found.targets)):
        if not isinstance(array, np.ndarray) or array.ndim != 2:
            given = f"of shape {array.shape}" if isinstance(array, np.ndarray) else f"a {type(array).__name__}"
            raise Flaw(f"{what} has {name} {given}: give a 2-D array, (rows, columns)")
        if array.dtype.kind not in "fiu":
            raise Flaw(f"{what} has {name} of type {array.dtype}: give float64, or a smaller real type")
    rows, columns = found.inputs.shape
    if len(found.features) != columns:
        raise Flaw(f"{what} names {len(found.features)} features for {columns} columns: give one name for each column")
    if dataset.task == "classification" and (found.targets.shape[1] != 1 or len(found.classes) < 2):
        raise Flaw(
            f"{what} has {found.targets.shape[1]} target columns and {len(found.classes)} classes, but a classification has "
            "one column of class numbers from 0, and at least two classes"
        )
    if dataset.task == "regression" and found.classes:
        raise Flaw(f"{what} names {len(found.classes)} classes, but its task is regression: remove the classes")
    try:
        check_table(found, dataset.task, what, [f"target {i}" for i in range(found.targets.shape[1])], gaps=False)
        if dataset.task == "classification":
            check_classes(found.targets, found.classes, what, "give rows of two classes or more")
    except SweepgdError as problem:
        raise Flaw(str(problem)) from None
    kinds = f", {len(found.classes)} classes" if found.classes else ""
    return f"{rows} rows, {columns} inputs, {found.targets.shape[1]} target{'s' * (found.targets.shape[1] != 1)}{kinds}"


def _bytes(found: Table) -> bytes:
    tables = (found,) if found.test is None else (found, found.test)
    return b"".join(np.ascontiguousarray(array).tobytes() for each in tables for array in (each.inputs, each.targets))


def deterministic(dataset: Dataset) -> str:
    """Check that equal seeds give equal tables. Replicates differ only by their seed, so that `rng` must be the only source of
    randomness.
    """
    np.random.seed(1)  # noqa: NPY002 (NumPy's global state, which `load` must not use)
    first = _bytes(_loaded(dataset, seed=3))
    np.random.seed(2)  # noqa: NPY002
    if first != _bytes(_loaded(dataset, seed=3)):
        raise Flaw("two calls with the same seed give different tables: draw only from `rng`, and always in the same order")
    drawn = first != _bytes(_loaded(dataset, seed=4))
    return f"the same seed gives the same bytes; another seed gives {'other bytes' if drawn else 'the same'}"


def fresh(dataset: Dataset) -> str:
    """Check that changing a loaded table does not change the next table. A `load` that returns the same arrays fails this
    check.
    """
    found = _loaded(dataset)
    before = _bytes(found)
    for each in (found, *((found.test,) if found.test is not None else ())):
        for array in (each.inputs, each.targets):
            if array.flags.writeable and array.size:
                array[...] = 0
    if _bytes(_loaded(dataset)) != before:
        raise Flaw("`load` returned the same arrays twice, so that a change of one table changes the next table: return copies")
    return "a change of one table does not change the next table"


def settings_used(dataset: Dataset) -> str:
    """Check the table with each setting at both ends of its range, because a sweep may use any value in the range."""
    tried = 0
    for setting in dataset.settings:
        for end in (setting.low, setting.high, *setting.choices):
            if end is not None:
                value = setting.check(end, "declared")
                _described(dataset, _loaded(dataset, **{setting.name: value}), f"with {setting.name} = {value}, the table")
                tried += 1
    return f"tables at both ends of each range and at each choice ({tried})"


CHECKS: Mapping[str, Callable[[Dataset], str]] = {
    "deterministic": deterministic,
    "fresh": fresh,
    "ends": settings_used,
}
