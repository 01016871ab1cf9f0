"""The claims of the sweep file with their answers."""

import pyarrow as pa

from sweepgd.report.claims_table import evidence, legend, shown_answer
from sweepgd.report.page.escaping import text
from sweepgd.report.page.section import Section


def claims_section(answers: pa.Table | None) -> Section | None:
    """Return the list of claims, each with its answer in words, its estimate and its interval."""
    rows = [] if answers is None else answers.to_pylist()
    if not rows:
        return None
    items = "\n".join(
        f'<li><span class="answer {shown_answer(row).replace(" ", "-")}">{text(shown_answer(row))}</span> {text(row["claim"])}'
        f'<p class="legend">{text(evidence(row))}</p></li>'
        for row in rows
    )
    return Section(
        "claims", "What the sweep claims", f'<ul class="claims">\n{items}\n</ul>\n<p class="legend">{text(legend(rows))}</p>'
    )
