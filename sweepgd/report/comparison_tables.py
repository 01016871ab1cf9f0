"""Tables of `sweepgd compare`: what differs between the sweeps, the best of each study, and differences over shared runs."""

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
from rich.console import Group

from sweepgd.report.number_format import percent, short, significant
from sweepgd.report.question_table import Answer, Column, Row

STUDY = Column("study", "study", number=False)
BEST = (
    Column("configurations", "config-\nurations"), Column("completed", "runs\ncompl."), Column("diverged", "runs\ndiv."),
    Column("trial", "best\ntrial"), Column("optimizer", "optimizer", number=False), Column("batch_size", "batch\nsize"),
    Column("learning_rate", "rate", short),
)  # fmt: skip
AS_GOOD = Column("may_be_best", "as\ngood", legend="as good = configurations that may be the best of their study (at 95 %)")
ON_OTHERS = Column(
    "objective_on_others",
    "on other replicates",
    legend="on other replicates = objective of a configuration chosen this way, on a replicate that did not choose it, with a"
    " 95 % interval",
)
PAIRED = (
    Column("first", "first", number=False), Column("second", "second", number=False),
    Column("measure", "mean of", lambda name: str(name).replace("_", " "), number=False),
)  # fmt: skip
DIFFERENCE = Column(
    "difference",
    "second - first",
    legend="second - first = mean difference over the runs that both studies have, with a 95 % interval",
)
MEDIAN = Column(
    "median", "median", legend="median = that of the differences; a few extreme runs change their mean, but not their median"
)
SHARED = (
    Column("configurations", "config-\nurations", legend="configurations, runs = those that completed in both studies"),
    Column("runs", "runs"),
    Column("only_first", "only\nfirst", legend="only first, only second = runs that completed only in this study"),
    Column("only_second", "only\nsecond"),
)


def answers(tables: Mapping[str, pa.Table]) -> list[Answer]:
    """Return the tables of `analysis.comparison`, each under its question."""
    changes, studies, paired, unpaired = (tables[name].to_pylist() for name in ("changes", "studies", "paired", "unpaired"))
    return [_changes(changes), _studies(studies), _paired(paired, unpaired)]


def render(tables: Mapping[str, pa.Table]) -> Group:
    """Return the tables of `analysis.comparison` for a rich console."""
    return Group(*answers(tables))


def _changes(rows: Sequence[Row]) -> Answer:
    keys, studies = (list(dict.fromkeys(row[name] for row in rows)) for name in ("key", "study"))
    values = {(row["key"], row["study"]): row["value"] for row in rows}
    shown = [(Column("key", "key", number=False), keys)] if rows else []
    shown += [(Column(name, name, number=False, wraps=True), [values[key, name] for key in keys]) for name in studies]
    question = "What differs between the sweeps?"
    return Answer(question, shown, frozenset(), empty="nothing that changes what is computed")


def _studies(rows: Sequence[Row]) -> Answer:
    names = {row["objective_name"] for row in rows if row["objective_name"]}
    text = percent if all(name.endswith("error") for name in names) and names else significant
    unit = " %" if text is percent else ""
    name = names.pop() if len(names) == 1 else "objective"
    shown = [(column, [column.cell(row) for row in rows]) for column in (STUDY, *BEST)]
    shown.append((Column("objective", name + unit), [_cell(row, "objective", text) for row in rows]))
    shown.append((ON_OTHERS, [_with_ends(row, "objective_on_others", "objective_on_others_", text) for row in rows]))
    shown.append((AS_GOOD, [AS_GOOD.cell(row) for row in rows]))
    if draws := rows[0]["draws"]:
        heading = f"best of {draws}"
        legend = f"{heading} = expected lowest of {draws} random configurations, with a 95 % interval"
        column = Column("expected", heading, legend=legend)
        shown.append((column, [_with_ends(row, "expected", "expected_", text) for row in rows]))
    question = "Which configurations did best in each study?"
    dispensable = ("may_be_best", "completed", "diverged", "learning_rate", "batch_size", "optimizer")
    return Answer(question, shown, frozenset(), dispensable=dispensable)


def _paired(rows: Sequence[Row], unpaired: Sequence[Row]) -> Answer:
    shown = [(column, [column.cell(row) for row in rows]) for column in PAIRED]
    for name in ("first_mean", "second_mean"):
        shown.append((Column(name, name.replace("_mean", "")), [_cell(row, name, _text(row)) for row in rows]))
    shown.append((DIFFERENCE, [_with_ends(row, "difference", "", _text(row)) for row in rows]))
    shown.append((MEDIAN, [_cell(row, "median", _text(row)) for row in rows]))
    shown += [(column, [column.cell(row) for row in rows]) for column in SHARED]
    question = "How do the runs that a study shares with the first study differ?"
    dispensable = ("only_second", "only_first", "configurations", "second_mean", "first_mean", "median")
    return Answer(
        question,
        shown if rows else [],
        frozenset(),
        [f"{row['second']}: {row['message']}" for row in unpaired],
        dispensable,
        "; ".join(row["message"] if len(unpaired) == 1 else f"{row['second']}: {row['message']}" for row in unpaired),
    )


def _text(row: Row) -> Callable[[float], str]:
    """Return the function that formats the values of a row's measure."""
    return (lambda share: f"{percent(share)} %") if row["measure"].endswith("error") else significant


def _cell(row: Row, name: str, text: Callable[[float], str]) -> str:
    return "" if row[name] is None else text(row[name])


def _with_ends(row: Row, name: str, prefix: str, text: Callable[[float], str]) -> str:
    """Return the text of a value with its interval. The ends of the interval are in columns whose names begin with `prefix`."""
    if row[name] is None:
        return ""
    low, high = row[f"{prefix}low"], row[f"{prefix}high"]
    return text(row[name]) + ("" if low is None else f" ({text(low)} to {text(high)})")
