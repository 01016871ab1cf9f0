"""Results in a notebook: the findings as HTML, and the charts of a study by name."""

from shlex import quote

from sweepgd.analysis.analysis_parts import Options, tables
from sweepgd.core.errors import UsageError, nearest
from sweepgd.record import Results
from sweepgd.report.charts import ARGUMENTS, CHARTS, Chart
from sweepgd.report.charts.loss_curves import X_TITLES
from sweepgd.report.charts.themes import THEMES, themed
from sweepgd.report.claims_table import shown_answer
from sweepgd.report.findings import findings, question
from sweepgd.report.first_screen import picture
from sweepgd.report.page.escaping import text
from sweepgd.report.study_figures import with_subject
from sweepgd.sweep import recorded_claims

CELL = 'style="text-align: left; vertical-align: top"'
LABEL = 'style="text-align: left; vertical-align: top; white-space: nowrap"'


def display(results: Results) -> str:
    """Return the question of the study, its findings and the answers to its claims as HTML.

    Texts of users are escaped. There are no colours, so that the colours of the notebook apply.
    """
    found = [(label, "<br>".join(map(text, sentences))) for label, sentences in findings(results.trials).items()]
    specs = recorded_claims(results.sweep_toml)
    if specs:
        rows = tables(results, "claims", Options(specs))["claims"].to_pylist()
        found.append(("Claims", "<br>".join(f"{text(row['claim'])} <em>{text(shown_answer(row))}</em>" for row in rows)))
    if name := picture(results):
        found.append(("Picture", f'<code>.chart("{name}")</code>'))
    found.append(("Tables", f"<code>sweepgd analyze {text(quote(str(results.directory)))} all</code>"))
    lines = "".join(f"<tr><th {LABEL}>{label}</th><td {CELL}>{cell}</td></tr>\n" for label, cell in found)
    return f"<p><strong>{text(question(results.sweep_toml))}</strong></p>\n<table>\n{lines}</table>"


def chart(
    results: Results, name: str, by: str | None = None, x: str | None = None, target: float | None = None, theme: str = "light"
) -> Chart:
    """Return a chart of CHARTS, as `Results.chart` describes it."""
    if name not in CHARTS:
        raise UsageError(f"there is no chart {name!r}: {nearest(name, CHARTS)}")
    for argument, value, known in (("x", x, X_TITLES), ("theme", theme, THEMES)):
        if value is not None and value not in known:
            raise UsageError(f"{argument} = {value!r} is not one of {', '.join(known)}")
    given = {argument: value for argument, value in (("by", by), ("x", x), ("level", target)) if value is not None}
    for argument in given:
        if argument not in ARGUMENTS.get(name, ()):
            shown = {"level": "target"}.get(argument, argument)
            takers = [each for each, arguments in ARGUMENTS.items() if argument in arguments]
            raise UsageError(f"the chart {name} does not take {shown}; it is for {' and '.join(takers)}")
    return themed(with_subject(CHARTS[name](results, **given), results), theme)
