"""Table of the recorded measures, their settings and their missing values."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from sweepgd.curvature.catalogue import EVALUATION_MODE, MODE_IN_WORDS
from sweepgd.report.measure_table import of_rows
from sweepgd.report.question_table import Answer, Column, Row
from sweepgd.report.sharpness.table_cells import MEASURE, cells, family, firsts

ROWS_ERROR = Column(
    "rows_error",
    "rows\n± %",
    lambda share: f"{100 * share:.2g}",
    legend="rows ± % = standard error due to measuring a subset of the rows (runs measured on the same rows mostly share this "
    "error; maxima such as phi, sam and asam hold for the measured rows only)",
)
PRODUCTS = {True: "exact", False: "differences", None: None}


def measures(rows: Sequence[Row]) -> Answer:
    """Return the table with a row per measure. A row covers all variants of its measure."""
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
    settings = [
        (Column("which", "weights", number=False), of_variants(", ", lambda row: row["which"])),
        (Column("rows", "rows"), of_variants(", ", of_rows)),
        (Column("dtype", "dtype", number=False), of_variants(", ", lambda row: row["dtype"])),
        (Column("exact", "Hessian\nproducts", number=False), of_variants(", ", lambda row: PRODUCTS[row["exact"]])),
    ]
    # Settings that all measures share are shown once, in the legend. This leaves more width for the descriptions.
    common = {column.title: texts[0] for column, texts in settings if len(set(texts)) == 1 and texts[0]}
    shown += [(column, texts) for column, texts in settings if column.title not in common]
    shown += cells(shown_rows, ROWS_ERROR)
    shown.append((Column("missing", "without a value", number=False, wraps=True), of_variants("; ", _missing)))
    legend = [f"all measures: {', '.join(f'{title} {text}' for title, text in common.items())}"] if common else []
    if any(len({row[name] for row in rows if row[name] is not None}) > 1 for name in ("rows", "dtype")):
        legend.append("the measures differ in their rows or dtype")
    if others := sum(row["others"] for row in rows):
        legend.append(
            f"{others} {'values are' if others > 1 else 'value is'} not used: other settings have more runs, more rows or newer"
            " values"
        )
    if any(row["exact"] is False for row in rows):
        legend.append("differences = Hessian products as differences of gradients, because the model has no exact products")
    if any(row["mode"] == EVALUATION_MODE for row in rows):
        legend.append(MODE_IN_WORDS)
    return Answer("What was measured?", shown, frozenset(), legend, ("source", "exact", "dtype", "rows_error"))


def _missing(row: Row) -> str | None:
    return f"{row['measure']} {row['missing']}: {row['message'] or 'no reason recorded'}" if row["missing"] else None
