"""Common parts of the sharpness tables: columns, intervals, and the reasons for verdicts."""

from collections.abc import Callable, Sequence

from sweepgd.analysis.runs_with_measures import catalogue_entry
from sweepgd.report.question_table import Column, Row

MEASURE = Column("measure", "measure", number=False)
VERDICT = Column("verdict", "verdict", number=False)

Shown = list[tuple[Column, Sequence[str]]]


def cells(rows: Sequence[Row], *columns: Column) -> Shown:
    """Return each column with the texts of its cells, one for each row."""
    return [(column, [column.cell(row) for row in rows]) for column in columns]


def interval(row: Row, name: str, text: Callable[[float], str]) -> str:
    """Return the interval from column `{name}low` to `{name}high` as text, or "" if the row has none."""
    low, high = row[f"{name}low"], row[f"{name}high"]
    return "" if low is None else f"{text(low)} … {text(high)}"


def reasons(rows: Sequence[Row], name: str = "measure") -> list[str]:
    """Return one line for each verdict and reason. If a verdict has several reasons, each line lists its rows by `name`."""
    messages_of: dict[str, dict[str, dict[str, None]]] = {}
    for row in rows:
        if row["message"]:
            messages_of.setdefault(row["verdict"], {}).setdefault(row["message"], {})[row[name]] = None
    return [
        f"{verdict} ({', '.join(names)}) = {message}" if len(messages) > 1 else f"{verdict} = {message}"
        for verdict, messages in messages_of.items()
        for message, names in messages.items()
    ]


def family(row: Row) -> str:
    """Return the measure that a recorded name is a variant of, such as phi for phi_0.0005."""
    entry = catalogue_entry(row["measure"])
    return row["measure"] if entry is None else entry.name


def firsts(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of the first variant of each measure. A table of all 22 variants would be long and repetitive."""
    chosen: dict[str, str] = {}
    return [row for row in rows if chosen.setdefault(family(row), row["measure"]) == row["measure"]]
