"""What was measured, on what, and what has no value."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from sweepgd.report.answer import Answer, Column, Row
from sweepgd.report.measured import of_rows
from sweepgd.report.sharpness.cells import MEASURE, cells, family, firsts

ROWS_ERROR = Column(
    "rows_error",
    "rows\n± %",
    lambda share: f"{100 * share:.2g}",
    legend="rows ± % = standard error as a value of all training rows, which runs measured on the same rows largely share;"
    " maxima (phi, sam, asam) are of these rows alone",
)
PRODUCTS = {True: "exact", False: "differences", None: None}


def measures(rows: Sequence[Row]) -> Answer:
    """A row a measure, its variants together."""
    shown_rows = firsts(rows)
    variants: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        variants[family(row)].append(row)

    def of_variants(between: str, text: Callable[[Row], str | None]) -> list[str]:
        found = ([text(row) for row in variants[family(first)]] for first in shown_rows)
        return [between.join(dict.fromkeys(filter(None, texts))) for texts in found]

    shown = [
        (MEASURE, [family(row) for row in shown_rows]),
        *cells(
            shown_rows,
            Column("description", "is", number=False, wraps=True),
            Column("source", "paper", number=False, wraps=True),
        ),
    ]
    how = [
        (Column("which", "weights", number=False), of_variants(", ", lambda row: row["which"])),
        (Column("rows", "rows"), of_variants(", ", of_rows)),
        (Column("dtype", "dtype", number=False), of_variants(", ", lambda row: row["dtype"])),
        (Column("exact", "Hessian\nproducts", number=False), of_variants(", ", lambda row: PRODUCTS[row["exact"]])),
    ]
    # What is the same of all stands once below: a column of it would take the place of words.
    alike = {column.title: texts[0] for column, texts in how if len(set(texts)) == 1 and texts[0]}
    shown += [(column, texts) for column, texts in how if column.title not in alike]
    shown += cells(shown_rows, ROWS_ERROR)
    shown.append((Column("missing", "without a value", number=False, wraps=True), of_variants("; ", _missing)))
    legend = [f"of all: {', '.join(f'{title} {text}' for title, text in alike.items())}"] if alike else []
    if any(len({row[name] for row in rows if row[name] is not None}) > 1 for name in ("rows", "dtype")):
        legend.append("not all were measured on the same rows and in the same dtype")
    if others := sum(row["others"] for row in rows):
        legend.append(f"values set aside, of settings with fewer runs, fewer rows or older: {others}")
    if any(row["exact"] is False for row in rows):
        legend.append("differences = of gradients, where the model has no exact products")
    return Answer("What was measured?", shown, frozenset(), legend, ("source", "exact", "dtype", "rows_error"))


def _missing(row: Row) -> str | None:
    return f"{row['measure']} {row['missing']}: {row['message'] or 'no reason recorded'}" if row["missing"] else None
