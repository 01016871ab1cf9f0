"""A section of the page, and the HTML of figures and tables in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sweepgd.report.page.escaping import data_script, text
from sweepgd.report.question_table import Answer
from sweepgd.report.study_figures import Figure


@dataclass(frozen=True)
class Section:
    """A part of the page: `name` is its anchor, `title` its heading, and `body` the HTML below the heading."""

    name: str
    title: str
    body: str

    @property
    def html(self) -> str:
        """Return the section element."""
        return f'<section id="{self.name}" aria-labelledby="{self.name}-title">\n<h2 id="{self.name}-title">{text(self.title)}</h2>\n{self.body}\n</section>'


def figure_html(figure: Figure) -> str:
    """Return a figure whose chart the page's script draws. Without the script, its caption and its data remain."""
    spec: dict[str, Any] = figure.chart.to_dict()
    # The page shows the title and the caption as text, which wraps on a narrow screen.
    del spec["title"]
    name = f"figure-{figure.name}"
    return (
        f'<figure id="{text(name)}">\n<h3>{text(figure.title)}</h3>\n'
        f'<div class="chart" role="img" aria-label="{text(figure.title)}. {text(figure.caption)}" data-spec="{text(name)}-spec"></div>\n'
        f"<figcaption>{text(figure.caption)}</figcaption>\n"
        f'<details class="numbers" data-spec="{text(name)}-spec"><summary>Numbers of this figure</summary></details>\n'
        f"{data_script(f'{name}-spec', spec)}\n</figure>"
    )


def answer_html(answer: Answer) -> str:
    """Return a table under the question that it answers, with its legend. Columns without a value are left out."""
    shown = [(column, cells) for column, cells in answer.shown if any(cells)]
    if not shown:
        return f"<h3>{text(answer.question)}</h3>\n<p>{text(answer.empty)}</p>"
    legend = [*answer.legend, *(column.legend for column, _ in shown if column.legend)]
    head = "".join(f'<th scope="col"{_kind(column.number)}>{text(column.title)}</th>' for column, _ in shown)
    rows = zip(*(cells for _, cells in shown), strict=True)
    numbers = [column.number for column, _ in shown]
    return f"<h3>{text(answer.question)}</h3>\n{table_html(head, (_row(row, numbers) for row in rows), answer.question)}\n" + (
        f'<p class="legend">{text("; ".join(legend))}</p>' if legend else ""
    )


def table_html(head: str, rows: Iterable[str], label: str) -> str:
    """Return a table that scrolls sideways on a narrow screen, also by keyboard."""
    body = "\n".join(rows)
    return f'<div class="scroll" tabindex="0" role="region" aria-label="{text(label)}"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _row(cells: Iterable[str], numbers: Iterable[bool]) -> str:
    return f"<tr>{''.join(f'<td{_kind(number)}>{text(cell)}</td>' for cell, number in zip(cells, numbers, strict=True))}</tr>"


def _kind(number: bool) -> str:
    return ' class="number"' if number else ""
