"""The summary of a study as terminal tables, and as plain values for `--json`."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import pyarrow as pa
from rich.console import Group

from sweepgd.report.answer import Answer, Column, Row
from sweepgd.report.best import DESCRIPTION, best, by, in_words
from sweepgd.report.numbers import percent, significant, spread
from sweepgd.report.sharpness import SHARPNESS

TITLES = {
    "best": "Which configurations did best?",
    "by_batch_size": "Which batch size? Each at its best configuration",
    "by_optimizer": "Which optimizer? Each at its best configuration",
    "by_schedule": "Which schedule? Each at its best configuration",
    "classes": "Which classes does the best configuration take for others?",
    "learned_weights": "What was learned? Mean weights over replicates ± standard deviation",
}

CLASSES = (
    Column("class", "class", number=False), Column("rows", "rows"), Column("class_error", "error %", percent),
    Column("taken_for", "most often taken for", number=False), Column("taken_rows", "so many", lambda count: str(count or "")),
)  # fmt: skip
CLASSES_SHOWN = 20


def render(summary: Mapping[str, pa.Table]) -> Group:
    """The tables of `summary` and of `sharpness`, each under the question that it answers, for any rich console.

    A table that asks none, because another one sums it up, is left out, and so is one that compares a single value, and one of
    more classes than a screen has lines.
    """
    asked = {name: table for name, table in summary.items() if name in TITLES or name in SHARPNESS}
    single: set[str] = {name for name in ("by_optimizer", "by_schedule") if name in asked and asked[name].num_rows == 1}
    if "classes" in asked and not 0 < asked["classes"].num_rows <= CLASSES_SHOWN:
        single.add("classes")
    ended = [phrase for row in summary["endings"].to_pylist() for phrase in in_words(row)] if "endings" in summary else []
    shown = {name: table.to_pylist() for name, table in asked.items() if name not in single}
    return Group(*(SHARPNESS[name](rows) if name in SHARPNESS else _answer(name, rows, ended) for name, rows in shown.items()))


def to_json(summary: Mapping[str, pa.Table]) -> dict[str, list[dict[str, Any]]]:
    """The same tables as lists of rows that `json.dumps` takes, in full precision, None where there is no value."""
    return {
        name: [{column: _plain(value) for column, value in row.items()} for row in table.to_pylist()]
        for name, table in summary.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return dict(value)  # Arrow gives a map as pairs.
    return None if isinstance(value, float) and not isfinite(value) else value


def _answer(name: str, rows: Sequence[Row], ended: Sequence[str]) -> Answer:
    if name == "best":
        return best(TITLES[name], rows, ended)
    if name == "learned_weights":
        return _learned(TITLES[name], rows)
    if name == "classes":
        return _classes(TITLES[name], rows)
    return by(TITLES[name], name.removeprefix("by_"), rows)


def _learned(question: str, rows: Sequence[Row]) -> Answer:
    names = [name for name in (rows[0] if rows else ()) if f"{name}_sd" in rows[0]]
    shown = [(column, [column.cell(row) for row in rows]) for column in DESCRIPTION]
    shown += [(Column(name, name), [_with_spread(row, name) for row in rows]) for name in names]
    inputs = "inputs as they were trained on, standardized where the sweep does so"
    # A surface has coordinates, x, and no inputs.
    legend = [inputs] if any(name.startswith("w") for name in names) else []
    least = ("schedule", "learning_rate", "batch_size", "optimizer", *names[::-1])
    return Answer(question, shown if rows else [], frozenset(["trial"]), legend, least)


def _classes(question: str, rows: Sequence[Row]) -> Answer:
    of = rows[0]
    legend = [
        f"of the {of['part']} rows {percent(of['error'])} % wrong, always the largest class {percent(of['majority_error'])} %",
        f"balanced error (each class counts alike) {percent(of['balanced_error'])} %, macro F1 {of['macro_f1']:.3f}",
    ]
    return Answer(question, [(column, [column.cell(row) for row in rows]) for column in CLASSES], frozenset(["class"]), legend)


def _with_spread(row: Row, name: str) -> str:
    mean, deviation = row[name], row[f"{name}_sd"]
    if mean is None:
        return ""
    return significant(mean, 4) if deviation is None else spread(mean, deviation)
