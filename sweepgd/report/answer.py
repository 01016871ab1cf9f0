"""A table under the question that it answers, as wide as its console allows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from sweepgd.report.numbers import percent, significant

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """One column as it is shown: the column of the analysis, its heading, how a value reads, the legend it needs, and
    whether its text may be broken into lines."""

    name: str
    heading: str
    text: Callable[[Any], str] = str
    number: bool = True
    legend: str = ""
    wraps: bool = False

    @property
    def title(self) -> str:
        """The heading in one line."""
        return self.heading.replace("-\n", "").replace("/\n", "/").replace("\n", " ")

    def cell(self, row: Row) -> str:
        """The text of a row's value, empty where it is null."""
        value = row[self.name]
        return "" if value is None else self.text(value)

    def with_error(self, row: Row) -> str:
        """The text of a row's mean, ± its standard error where one is known."""
        error = row[f"{self.name}_se"]
        if error is None:
            return self.cell(row)
        return f"{self.cell(row)} ±{percent(error) if self.text is percent else significant(error, 2)}"


@dataclass(frozen=True)
class Answer:
    """One table under the question that it answers. Where the console is too narrow it leaves `dispensable` columns out,
    the first first, but for those `kept`; columns of one name go together.
    """

    question: str
    shown: Sequence[tuple[Column, Sequence[str]]]
    kept: frozenset[str]
    legend: Sequence[str] = ()
    dispensable: Sequence[str] = ()
    empty: str = "nothing yet: no configuration completed"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(self.question, style="bold")
        if not self.shown:
            yield Text(f"  {self.empty}\n")
            return
        shown, left_out = [(column, cells) for column, cells in self.shown if any(cells)], []
        for name in self.dispensable:
            # Measured in ample width, because a measure never exceeds the width it is taken in.
            if Measurement.get(console, options.update(width=1000), _table(shown)).minimum <= options.max_width:
                break
            if name not in self.kept and any(column.name == name for column, _ in shown):
                left_out += [column.title for column, _ in shown if column.name == name]
                shown = [(column, cells) for column, cells in shown if column.name != name]
        yield _table(shown)
        legend = [*self.legend, *(column.legend for column, _ in shown if column.legend)]
        if left_out:
            legend.append(f"too narrow here for {', '.join(left_out)}")
        yield Text("; ".join(legend) + "\n" * bool(legend), style="dim")


def _table(shown: Sequence[tuple[Column, Sequence[str]]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for column, cells in shown:
        # rich takes the longest word for the least width, even of a column that must not wrap: "2.86 ms" became "2.86 …".
        width = None if column.wraps else max(map(cell_len, (*column.heading.split("\n"), *cells)))
        table.add_column(
            column.heading, justify="right" if column.number else "left", no_wrap=not column.wraps, min_width=width
        )
    for cells in zip(*(cells for _, cells in shown), strict=True):
        table.add_row(*cells)
    return table
