"""Summary of a data set: inputs and their kinds, target, classes, and the number of rows in each part."""

from typing import Any

import numpy as np

from sweepgd.data import Data
from sweepgd.data.raw import in_one_line
from sweepgd.report.number_format import percent

NAMES_SHOWN, CLASSES_SHOWN = 6, 10


def data_values(data: Data) -> dict[str, Any]:
    """Return the summary as values for JSON: columns and their kinds, inputs, the shape of images, targets, notes, and the
    number of rows in each part and class.
    """
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    values: dict[str, Any] = {
        "name": data.name,
        "task": data.task,
        "columns": data.columns,
        "inputs": list(data.features),
        **({} if data.image is None else {"image": list(data.image)}),
        "targets": list(data.target_names),
        "rows": {name: len(part.inputs) for name, part in parts.items() if part is not None},
        "notes": list(data.notes),
    }
    if data.task == "classification":
        values["classes"] = dict(zip(data.classes, class_counts(data).tolist(), strict=True))
    return values


def class_counts(data: Data) -> np.ndarray:
    """Return the number of training rows of each class, of shape (classes,)."""
    return np.bincount(data.train.targets[:, 0].astype(np.int64), minlength=len(data.classes))


def data_lines(data: Data) -> list[str]:
    """Return the summary as lines of text. A model without data has no lines."""
    if data.task == "none":
        return []
    by_kind: dict[str, list[str]] = {}
    for column, kind in data.columns.items():
        by_kind.setdefault(kind, []).append(column or "(no name)")
    total = f", {len(data.features):,} inputs in all" if len(data.features) != len(data.columns) else ""
    inputs = "; ".join(f"{kind} ({len(names):,}): {_first(names, NAMES_SHOWN)}" for kind, names in by_kind.items())
    lines = [f"data: {data.name}, {data.task}", f"  inputs: {inputs}{total}" if data.image is None else _images(data)]
    lines += [
        f"  levels of {name}: {_first(levels, CLASSES_SHOWN)}" for name, levels in list(_levels(data).items())[:NAMES_SHOWN]
    ]
    if filled := _filled(data):
        lines.append(f"  missing values filled with: {_first(filled, NAMES_SHOWN)}")
    if data.target_names != ("target 0",):  # this name means that the target has none
        lines.append(f"  target: {_first(data.target_names, NAMES_SHOWN)}")
    if data.task == "classification":
        counts = class_counts(data)
        listed = [f"{name} {count:,}" for name, count in zip(data.classes, counts.tolist(), strict=True)]
        largest = 1 - counts.max() / counts.sum()
        lines.append(
            f"  classes: {len(data.classes):,}, with training rows: {_first(listed, CLASSES_SHOWN)};"
            f" if the largest class is always predicted, the error is {percent(largest)} %"
        )
    rows = data_values(data)["rows"]
    lines.append("  rows: " + ", ".join(f"{count:,} {name}" for name, count in rows.items()))
    return [in_one_line(line) for line in (*lines, *(f"  {note}" for note in data.notes))]


def _levels(data: Data) -> dict[str, list[str]]:
    """Return the levels of each category."""
    levels: dict[str, list[str]] = data.preprocessing.get("levels", {})
    return levels


def _filled(data: Data) -> list[str]:
    """Return the columns of which the training rows have gaps, each with the value that fills them."""
    done = data.preprocessing
    values = {name: value for name, value in done.get("imputed", {}).items() if f"{name} missing" in done["indicators"]}
    return [f"{name} {value:.6g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items()]


def _images(data: Data) -> str:
    """Return the line about the inputs of image data. It replaces the names of the inputs, which are numbers of pixels."""
    assert data.image is not None
    height, width, channels = data.image
    kind = {1: "grey", 3: "in colour"}.get(channels, f"with {channels} channels")
    return f"  inputs: images of {width} × {height} pixels, {kind}{', held as bytes' if data.bytes else ''}"


def _first(names: list[str] | tuple[str, ...], most: int) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f", … and {more:,} more" if more > 0 else "")
