"""Checks of a data set: a table that training takes, the same one for the same seed."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sweepgd.data import Dataset, Table
from sweepgd.data.checks import check_classes, check_table
from sweepgd.problem import Problem
from sweepgd.testing.finding import Flaw

TASKS = ("regression", "classification", "none")


def _loaded(dataset: Dataset, seed: int = 0, **settings: Any) -> Any:
    chosen = {setting.name: setting.default for setting in dataset.settings} | settings
    return dataset.load(np.random.default_rng(seed), **chosen)


def table(dataset: Dataset) -> str:
    """What is loaded is to have the arrays, names and task that it says."""
    if dataset.task not in TASKS:
        raise Flaw(f"its task is {dataset.task!r}: give one of {', '.join(TASKS)}")
    found = _loaded(dataset)
    told = [_described(dataset, found, "the table")]
    if found.test is not None:
        told.append("test " + _described(dataset, found.test, "its test set"))
    return "; ".join(told)


def _described(dataset: Dataset, found: Any, what: str) -> str:
    if not isinstance(found, Table):
        raise Flaw(f"{what} is a {type(found).__name__}: load gives a sweepgd.data.Table")
    for name, array in (("inputs", found.inputs), ("targets", found.targets)):
        if not isinstance(array, np.ndarray) or array.ndim != 2:
            given = f"of shape {array.shape}" if isinstance(array, np.ndarray) else f"a {type(array).__name__}"
            raise Flaw(f"{what} has {name} {given}: give an array of two axes, (rows, columns)")
        if array.dtype.kind not in "fiu":
            raise Flaw(f"{what} has {name} of type {array.dtype}: give float64, or a narrower real type")
    rows, columns = found.inputs.shape
    if len(found.features) != columns:
        raise Flaw(f"{what} names {len(found.features)} features of {columns} columns: name each")
    if dataset.task == "classification" and (found.targets.shape[1] != 1 or len(found.classes) < 2):
        raise Flaw(
            f"{what} has {found.targets.shape[1]} target columns and {len(found.classes)} classes:"
            " a classification has one column of class numbers from 0, and two classes or more"
        )
    if dataset.task == "regression" and found.classes:
        raise Flaw(f"{what} names {len(found.classes)} classes, and its task is regression: leave them out")
    try:
        check_table(found, dataset.task, what, [f"target {i}" for i in range(found.targets.shape[1])], gaps=False)
        if dataset.task == "classification":
            check_classes(found.targets, found.classes, what, "give rows of two classes or more")
    except Problem as problem:
        raise Flaw(str(problem)) from None
    kinds = f", {len(found.classes)} classes" if found.classes else ""
    return f"{rows} rows, {columns} inputs, {found.targets.shape[1]} target{'s' * (found.targets.shape[1] != 1)}{kinds}"


def _bytes(found: Table) -> bytes:
    tables = (found,) if found.test is None else (found, found.test)
    return b"".join(np.ascontiguousarray(array).tobytes() for each in tables for array in (each.inputs, each.targets))


def deterministic(dataset: Dataset) -> str:
    """Replicates are told apart by their seed alone: `rng` is to be the only source of chance."""
    np.random.seed(1)  # noqa: NPY002 (NumPy's own state, which `load` is not to use)
    first = _bytes(_loaded(dataset, seed=3))
    np.random.seed(2)  # noqa: NPY002
    if first != _bytes(_loaded(dataset, seed=3)):
        raise Flaw("the same seed gives another table: draw from rng alone, and in one order")
    drawn = first != _bytes(_loaded(dataset, seed=4))
    return f"the same seed gives the same bytes; another seed gives {'other ones' if drawn else 'them too: nothing is drawn'}"


def fresh(dataset: Dataset) -> str:
    """What a run does to its rows is not to reach the next one's, so that a table that is kept must not be handed out."""
    found = _loaded(dataset)
    before = _bytes(found)
    for each in (found, *((found.test,) if found.test is not None else ())):
        for array in (each.inputs, each.targets):
            if array.flags.writeable and array.size:
                array[...] = 0
    if _bytes(_loaded(dataset)) != before:
        raise Flaw("load gives the very arrays that it keeps, which were changed since: give copies, or read-only ones")
    return "what is done to a table does not change the next"


def settings_used(dataset: Dataset) -> str:
    """A sweep may give any setting a value at the ends of its range."""
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
