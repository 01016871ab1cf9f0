"""A section of the page, and the HTML of figures and tables in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sweepgd.report.batch_size.equal_table import IN_JSON
from sweepgd.report.page.escaping import data_script, text
from sweepgd.report.question_table import Answer, Column
from sweepgd.report.study_figures import Figure

# A longer table is folded, because it would separate the sections by several screens.
MOST_OPEN_ROWS = 25


@dataclass(frozen=True)
class Section:
    """A section of the page: `name` is its anchor, `title` its heading, and `body` the HTML below the heading."""

    name: str
    title: str
    body: str

    @property
    def html(self) -> str:
        """Return the section element."""
        heading = f'<h2 id="{self.name}-title">{text(self.title)}</h2>'
        return f'<section id="{self.name}" aria-labelledby="{self.name}-title">\n{heading}\n{self.body}\n</section>'


def figure_html(figure: Figure) -> str:
    """Return a figure whose chart the page's script draws. Without the script, its caption and its data remain."""
    spec: dict[str, Any] = figure.chart.to_dict(validate=False)  # validation takes most of the time
    # The page shows the title and the caption as text, which wraps on a narrow screen.
    del spec["title"]
    name = text(f"figure-{figure.name}")
    title, caption = text(figure.title), text(figure.caption)
    return (
        f'<figure id="{name}">\n<h3>{title}</h3>\n'
        f'<div class="chart" role="img" aria-label="{title}. {caption}" data-spec="{name}-spec"></div>\n'
        f"<figcaption>{caption}</figcaption>\n"
        f'<details class="numbers" data-spec="{name}-spec"><summary>Numbers of this figure</summary></details>\n'
        f"{data_script(f'figure-{figure.name}-spec', spec)}\n</figure>"
    )


def answer_html(answer: Answer) -> str:
    """Return a table under the question that it answers, with its legend. Columns without a value are left out."""
    shown = [(column, cells) for column, cells in answer.shown if any(cells)]
    if not shown:
        return f"<h3>{text(answer.question)}</h3>\n<p>{text(answer.empty)}</p>"
    legend = [*answer.legend, *(column.legend for column, _ in shown if column.legend)]
    legend = [entry for entry in legend if entry != IN_JSON]  # advice for the terminal
    # A heading without text would confuse a screen reader.
    kinds = ['th scope="col"' if column.title else "td" for column, _ in shown]
    head = "".join(
        f"<{kind}{_kind(column)}>{text(column.title)}</{kind[:2]}>" for kind, (column, _) in zip(kinds, shown, strict=True)
    )
    rows = zip(*(cells for _, cells in shown), strict=True)
    columns = [column for column, _ in shown]
    table = table_html(head, [_row(row, columns) for row in rows], answer.question)
    below = f'<p class="legend">{text("; ".join(legend))}</p>' if legend else ""
    if len(shown[0][1]) > MOST_OPEN_ROWS:
        table = f'<details class="rows"><summary>{len(shown[0][1])} rows</summary>\n{table}\n{below}</details>'
        below = ""
    return f"<h3>{text(answer.question)}</h3>\n{table}\n{below}"


def table_html(head: str, rows: Iterable[str], label: str) -> str:
    """Return a table that scrolls sideways on a narrow screen, also by keyboard."""
    body = "\n".join(rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{text(label)}">{table}</div>'


def _row(cells: Iterable[str], columns: Iterable[Column]) -> str:
    return f"<tr>{''.join(f'<td{_kind(column)}>{text(cell)}</td>' for cell, column in zip(cells, columns, strict=True))}</tr>"


def _kind(column: Column) -> str:
    return ' class="number"' if column.number else ' class="words"' if column.wraps else ""
