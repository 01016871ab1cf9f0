"""The page as a whole: the sections of a study, and the data for its script."""

from string import Template
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sweepgd.analysis import boundary, claims, classes, sharpness, summary
from sweepgd.analysis.batch_size import batch_size_tables
from sweepgd.core.version import __version__
from sweepgd.record import Results
from sweepgd.report.charts import CHARTS
from sweepgd.report.charts.themes import DARK
from sweepgd.report.first_screen import picture
from sweepgd.report.page.escaping import data_script, text
from sweepgd.report.page.page_file import RUNNING
from sweepgd.report.page.scripts import asset, digest, own_script, vega_bundle
from sweepgd.report.page.section import Section
from sweepgd.report.page.sections.answers import answer_sections, landscape_section, picture_section
from sweepgd.report.page.sections.claims_section import claims_section
from sweepgd.report.page.sections.headline import headline
from sweepgd.report.page.sections.provenance import provenance_section, sweep_section
from sweepgd.report.page.sections.trial_sections import parallel_section, trials_section
from sweepgd.report.page.trial_data import trial_data
from sweepgd.report.study_figures import study_figures
from sweepgd.sweep import recorded_claims, recorded_table

# The comparison of batch sizes reads the curve of every configuration. In a larger study, it is made with a random choice.
MOST_COMPARED = 2_000
COMPARED = frozenset({"steps_by_batch_size", "rate_by_batch_size", "time_by_batch_size", "equal_by_batch_size"})


def study_page(results: Results, level: float | None = None, refresh: int | None = None) -> str:
    """Return the page of a study as HTML; equal records give equal pages.

    `level` is the loss or error of steps to a target, by default the goal of the sweep. The page of a running search reloads
    itself every `refresh` seconds, and has an empty paragraph RUNNING for its progress. Raises SweepgdError for a record that
    cannot be read, and UsageError for a level that is not positive.
    """
    specs = recorded_claims(results.sweep_toml)
    sweep = recorded_table(results.sweep_toml)
    name = str(sweep.get("name") or results.directory.name)
    compared, note = _compared(results)
    tables = summary(results) | {"classes": classes(results.trials), "boundary": boundary(results.trials)}
    first = headline(results, sweep, tables)
    if refresh is not None:
        first = f"{RUNNING}\n{first}"
    tables |= batch_size_tables(compared, level) | sharpness(results)
    figures = {figure.name: figure for figure in study_figures(results, level, names=CHARTS.keys() - COMPARED)}
    figures |= {figure.name: figure for figure in study_figures(compared, level, names=COMPARED)}
    trials = trial_data(results)
    sections = [
        picture_section(figures.pop(picture(results) or "", None)),
        claims_section(claims(results, specs) if specs else None),
        *answer_sections(figures, tables, {"rates": note, "batch-size": note} if note else {}),
        landscape_section(results),
        parallel_section(trials),
        trials_section(trials),
        sweep_section(results),
        provenance_section(results),
    ]
    return assembled(name, first, [section for section in sections if section is not None], trials, refresh)


def assembled(name: str, first: str, sections: list[Section], trials: dict[str, Any], refresh: int | None = None) -> str:
    """Return a page as HTML: `first` below the heading `name`, then the sections. `trials` is as in `trial_data`."""
    bundle, own = vega_bundle(), own_script()
    return Template(asset("page.html")).substitute(
        policy=f"{digest(bundle)} {digest(own)}",
        name=text(name),
        style=asset("page.css"),
        contents="\n".join(f'<li><a href="#{section.name}">{text(section.title)}</a></li>' for section in sections),
        headline=first,
        sections="\n".join(section.html for section in sections),
        trials=data_script("trial-data", trials) + data_script("dark-colours", DARK),
        version=text(__version__),
        refresh="" if refresh is None else f'<meta http-equiv="refresh" content="{refresh}">\n',
        bundle=bundle,
        own=own,
    )


def _compared(results: Results) -> tuple[Any, str]:
    """Return the results with at most MOST_COMPARED configurations, and a sentence if configurations are left out."""
    numbers = pc.unique(results.trials["trial"])
    if len(numbers) <= MOST_COMPARED:
        return results, ""
    chosen = numbers.take(pa.array(np.sort(np.random.default_rng(0).permutation(len(numbers))[:MOST_COMPARED])))
    tables = {name: getattr(results, name) for name in ("trials", "curves", "curvature")}
    some = {name: table.filter(pc.is_in(table["trial"], value_set=chosen)) for name, table in tables.items()}
    of = f"{MOST_COMPARED:,} of the {len(numbers):,} trials, drawn at random"
    return SimpleNamespace(**some), f"Best rates, times, steps to a target and equal budgets are computed from {of}."
