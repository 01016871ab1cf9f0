"""The summary of a study as terminal tables, and as values for `--json`."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import pyarrow as pa
from rich.console import Group

from sweepgd.report.batch_size import BATCH_SIZE
from sweepgd.report.best_table import DESCRIPTION, FACTORS, best, by, in_words
from sweepgd.report.boundary_table import boundary
from sweepgd.report.claims_table import ClaimAnswers
from sweepgd.report.importance_table import importance
from sweepgd.report.number_format import percent, significant, spread
from sweepgd.report.question_table import Answer, Column, Row
from sweepgd.report.sharpness import SHARPNESS

TITLES = {
    "claims": "",
    "best": "Which configurations did best?",
    "by_batch_size": "Which batch size?",
    "by_optimizer": "Which optimizer?",
    "by_schedule": "Which schedule?",
    "classes": "Which classes does the best configuration confuse?",
    "learned_weights": "What was learned? Mean weights over replicates ± standard deviation",
    "boundary": "",
    "importance": "",
}

CLASSES = (
    Column("class", "class", number=False), Column("rows", "rows"), Column("class_error", "error %", percent),
    Column("taken_for", "most often taken for", number=False), Column("taken_rows", "rows", lambda count: str(count or "")),
)  # fmt: skip
CLASSES_SHOWN = 20


def render(summary: Mapping[str, pa.Table]) -> Group:
    """Return the tables of `summary`, `batch_size_tables` and `sharpness` for a rich console, each under its question.

    Tables without a question are left out, because another table summarises them. Also left out are `by_optimizer` and
    `by_schedule` if they have a single row, `classes` if it has more than CLASSES_SHOWN rows, and tables on the batch size if
    no batch size was tuned.
    """
    return Group(*answers(summary).values())


def answers(summary: Mapping[str, pa.Table]) -> dict[str, Answer | ClaimAnswers]:
    """Return the tables that `render` shows, by name."""
    questions = (*TITLES, *BATCH_SIZE, *SHARPNESS)
    tables = {name: table for name, table in summary.items() if name in questions}
    omitted: set[str] = {name for name in ("by_optimizer", "by_schedule") if name in tables and tables[name].num_rows == 1}
    if "classes" in tables and not 0 < tables["classes"].num_rows <= CLASSES_SHOWN:
        omitted.add("classes")
    ended = [phrase for row in summary["endings"].to_pylist() for phrase in in_words(row)] if "endings" in summary else []
    shown = {name: table.to_pylist() for name, table in tables.items() if name not in omitted}
    varied = [factor for factor in FACTORS if len(shown.get(f"by_{factor}", ())) > 1]
    found = {name: _answer(name, rows, ended, varied) for name, rows in shown.items()}
    return {name: answer for name, answer in found.items() if answer is not None}


def to_json(summary: Mapping[str, pa.Table]) -> dict[str, list[dict[str, Any]]]:
    """Return all tables as lists of rows for `json.dumps`, in full precision, with None for null and NaN."""
    return {
        name: [{column: _plain(value) for column, value in row.items()} for row in table.to_pylist()]
        for name, table in summary.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return dict(value)  # because Arrow returns a map as a list of pairs
    return None if isinstance(value, float) and not isfinite(value) else value


def _answer(name: str, rows: Sequence[Row], ended: Sequence[str], varied: Sequence[str]) -> Answer | ClaimAnswers | None:
    if name == "claims":
        return ClaimAnswers(rows)
    if name == "boundary":
        return boundary(rows)
    if name == "importance":
        return importance(rows)
    if name in SHARPNESS:
        return SHARPNESS[name](rows)
    if name in BATCH_SIZE:
        return BATCH_SIZE[name](rows)
    if name == "best":
        return best(TITLES[name], rows, ended)
    if name == "learned_weights":
        return _learned(TITLES[name], rows)
    if name == "classes":
        return _classes(TITLES[name], rows)
    tuned = any(row["trials"] > 1 for row in rows)
    return by(TITLES[name] + " Each at its best configuration" * tuned, name.removeprefix("by_"), rows, varied)


def _learned(question: str, rows: Sequence[Row]) -> Answer:
    names = [name for name in (rows[0] if rows else ()) if f"{name}_sd" in rows[0]]
    shown = [(column, [column.cell(row) for row in rows]) for column in DESCRIPTION]
    shown += [(Column(name, name), [_with_spread(row, name) for row in rows]) for name in names]
    inputs = "weights apply to inputs as used in training, which are standardized if the sweep says so"
    # A surface has coordinates x instead of weights of inputs.
    legend = [inputs] if any(name.startswith("w") for name in names) else []
    least = ("schedule", "learning_rate", "batch_size", "optimizer", *names[::-1])
    return Answer(question, shown if rows else [], frozenset(["trial"]), legend, least)


def _classes(question: str, rows: Sequence[Row]) -> Answer:
    row = rows[0]
    legend = [
        f"{row['part']} error {percent(row['error'])} % ({percent(row['majority_error'])} % if the largest class were always "
        "predicted)",
        f"balanced error (each class has equal weight) {percent(row['balanced_error'])} %, macro F1 {row['macro_f1']:.3f}",
    ]
    return Answer(question, [(column, [column.cell(row) for row in rows]) for column in CLASSES], frozenset(["class"]), legend)


def _with_spread(row: Row, name: str) -> str:
    mean, deviation = row[name], row[f"{name}_sd"]
    if mean is None:
        return ""
    return significant(mean, 4) if deviation is None else spread(mean, deviation)
