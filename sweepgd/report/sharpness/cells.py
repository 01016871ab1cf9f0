"""What the tables of sharpness share: columns, intervals, and the reasons of verdicts."""

from collections.abc import Callable, Sequence

from sweepgd.analysis.measured import catalogue_entry
from sweepgd.report.answer import Column, Row

MEASURE = Column("measure", "measure", number=False)
VERDICT = Column("verdict", "verdict", number=False)

Shown = list[tuple[Column, Sequence[str]]]


def cells(rows: Sequence[Row], *columns: Column) -> Shown:
    """Columns with their text of each row."""
    return [(column, [column.cell(row) for row in rows]) for column in columns]


def interval(row: Row, name: str, text: Callable[[float], str]) -> str:
    """The interval in the columns `name`low and `name`high, "" where there is none."""
    low, high = row[f"{name}low"], row[f"{name}high"]
    return "" if low is None else f"{text(low)} … {text(high)}"


def reasons(rows: Sequence[Row], name: str = "measure") -> list[str]:
    """A line for each reason of a verdict, with what it is said of (the column `name`) where a verdict has several."""
    said: dict[str, dict[str, dict[str, None]]] = {}
    for row in rows:
        if row["message"]:
            said.setdefault(row["verdict"], {}).setdefault(row["message"], {})[row[name]] = None
    return [
        f"{verdict} ({', '.join(names)}) = {message}" if len(messages) > 1 else f"{verdict} = {message}"
        for verdict, messages in said.items()
        for message, names in messages.items()
    ]


def family(row: Row) -> str:
    """The measure that a recorded name is a variant of, such as phi of phi_0.0005."""
    entry = catalogue_entry(row["measure"])
    return row["measure"] if entry is None else entry.name


def firsts(rows: Sequence[Row]) -> list[Row]:
    """Of the variants of a measure the rows of the first: their 22 rows mostly say the same, and would hide it."""
    chosen: dict[str, str] = {}
    return [row for row in rows if chosen.setdefault(family(row), row["measure"]) == row["measure"]]
