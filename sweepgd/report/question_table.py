"""Tables that answer a question, fitted to the width of the console."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from sweepgd.report.number_format import percent, significant

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """A column to show. `name` is its name in the analysis, `heading` is shown above it, and `text` formats a value.

    `number` aligns the column to the right, `legend` is added below the table, and `wraps` permits line breaks.
    """

    name: str
    heading: str
    text: Callable[[Any], str] = str
    number: bool = True
    legend: str = ""
    wraps: bool = False

    @property
    def title(self) -> str:
        """Return the heading in one line."""
        return self.heading.replace("-\n", "").replace("/\n", "/").replace("\n", " ")

    def cell(self, row: Row) -> str:
        """Return the text of a row's value, "" for null."""
        value = row[self.name]
        return "" if value is None else self.text(value)

    def with_error(self, row: Row) -> str:
        """Return the text of a row's mean, with ± and the standard error if it is known."""
        error = row[f"{self.name}_se"]
        if error is None:
            return self.cell(row)
        return f"{self.cell(row)} ±{percent(error) if self.text is percent else significant(error, 2)}"


@dataclass(frozen=True)
class Answer:
    """A table under the question that it answers.

    `shown` holds columns with the texts of their cells. If the console is too narrow, the columns named in `dispensable` are
    left out one after the other, except those named in `kept`. Columns of equal name are left out together. `empty` is shown if
    there are no columns.
    """

    question: str
    shown: Sequence[tuple[Column, Sequence[str]]]
    kept: frozenset[str]
    legend: Sequence[str] = ()
    dispensable: Sequence[str] = ()
    empty: str = "no configuration has completed yet"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self.question, style="bold")
        if not self.shown:
            yield Text(f"  {self.empty}\n")
            return
        shown, left_out = [(column, cells) for column, cells in self.shown if any(cells)], []
        for name in self.dispensable:
            # rich reports no minimum above the available width. The table is therefore measured with more width than any
            # console has.
            if Measurement.get(console, options.update(width=1000), _table(shown)).minimum <= options.max_width:
                break
            if name not in self.kept and any(column.name == name for column, _ in shown):
                left_out += [column.title for column, _ in shown if column.name == name]
                shown = [(column, cells) for column, cells in shown if column.name != name]
        yield _table(shown)
        legend = [*self.legend, *(column.legend for column, _ in shown if column.legend)]
        if left_out:
            legend.append(f"terminal too narrow for {', '.join(left_out)}")
        yield Text("; ".join(legend) + "\n" * bool(legend), style="dim")


def _table(shown: Sequence[tuple[Column, Sequence[str]]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for column, cells in shown:
        # rich uses the longest word as the minimum width even if a column must not wrap. It would show "2.86 ms" as "2.86 …".
        width = None if column.wraps else max(map(cell_len, (*column.heading.split("\n"), *cells)))
        table.add_column(
            column.heading, justify="right" if column.number else "left", no_wrap=not column.wraps, min_width=width
        )
    for cells in zip(*(cells for _, cells in shown), strict=True):
        table.add_row(*cells)
    return table
