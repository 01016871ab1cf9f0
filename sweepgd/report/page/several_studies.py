"""The page of several studies: the tables of `sweepgd compare`, and figures in which each study has lines of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pyarrow as pa

from sweepgd.analysis import summary
from sweepgd.analysis.comparison import Study, merged
from sweepgd.analysis.comparison.merged_studies import first_numbers
from sweepgd.analysis.objective_name import objective_name
from sweepgd.core.errors import printable
from sweepgd.record import Results
from sweepgd.report.comparison_tables import answers
from sweepgd.report.page.escaping import text
from sweepgd.report.page.page import assembled
from sweepgd.report.page.section import Section, answer_html
from sweepgd.report.page.sections.answers import answer_sections
from sweepgd.report.page.sections.headline import best_card, cards_html
from sweepgd.report.page.sections.trial_sections import parallel_section, trials_section
from sweepgd.report.page.trial_data import text_column, trial_data
from sweepgd.report.study_figures import study_figures
from sweepgd.sweep import recorded_table

# Figures in which each optimizer, and here each study, has a colour or a panel.
FIGURES = (
    *("loss_curves", "by_learning_rate", "rate_curves", "rate_by_batch_size", "steps_by_batch_size"),
    *("time_by_batch_size", "equal_by_batch_size", "expected_best"),
)
NO_TRIALS = {"columns": [{"name": "trial", "title": "trial", "values": []}], "axes": [], "trials": 0, "curves": {}}


def comparison_page(every: Sequence[Results], names: Sequence[str], tables: Mapping[str, pa.Table], comparable: bool) -> str:
    """Return the page of several studies as HTML; equal records give equal pages.

    `names` are the different names of the studies, `tables` those of `sweepgd compare`. The figures and trials of studies that
    are not `comparable`, because their objectives or their data differ, are left out.
    """
    studies = [Study(name, results.trials) for name, results in zip(names, every, strict=True)]
    bests = [summary(results)["best"].to_pylist() for results in every]
    cards = [best_card(study.name, rows, objective_name(study.trials)) for study, rows in zip(studies, bests, strict=True)]
    anchors = ("changes", "best", "shared")
    titles = ("What differs", "The best of each study", "Runs that the studies share")
    sections = [
        Section(anchor, title, answer_html(answer))
        for anchor, title, answer in zip(anchors, titles, answers(tables), strict=True)
    ]
    trials: dict[str, Any] = NO_TRIALS
    if comparable:
        together: Any = SimpleNamespace(
            trials=merged(studies, [results.trials for results in every]),
            curves=merged(studies, [results.curves for results in every]),
            curvature=every[0].curvature.slice(0, 0),
            sweep_toml=next((each.sweep_toml for each in every if recorded_table(each.sweep_toml).get("points")), ""),
        )
        trials = _with_studies(trial_data(together), studies)
        figures = {figure.name: figure for figure in study_figures(together, by="optimizer", names=FIGURES)}
        # An entry of a legend is an optimizer of a study.
        legend, named = '"title":"optimizer"', '"title":"optimizer, study"'
        sections += [replace(part, body=part.body.replace(legend, named)) for part in answer_sections(figures, {}, {})]
        found = [parallel_section(trials), trials_section(trials)]
        sections += [section for section in found if section is not None]
    name = " and ".join(names) if len(names) == 2 else ", ".join(names)
    return assembled(f"Comparison of {name}", _first(studies, cards, comparable), sections, trials)


def _with_studies(trials: dict[str, Any], studies: Sequence[Study]) -> dict[str, Any]:
    """Return the trials of merged studies with a column for the study, which is then not in the name of the optimizer."""
    columns = {column["name"]: column for column in trials["columns"]}
    length = first_numbers(studies)[1]
    names = [printable(studies[number // length].name) for number in columns["trial"]["values"]]
    merged_names = columns["optimizer"]
    levels = [merged_names["levels"][value] for value in merged_names["values"]]
    rules = [level.removesuffix(f", {name}") for level, name in zip(levels, names, strict=True)]
    columns |= {"optimizer": text_column("optimizer", rules)}
    trial, *others = columns.values()
    shown = [trial, text_column("study", names), *others]
    return trials | {"columns": shown, "axes": ["study", *trials["axes"]]}


def _first(studies: Sequence[Study], cards: Sequence[tuple[str, str, str]], comparable: bool) -> str:
    numbers = "; ".join(f"{study.name} from {first}" for study, first in zip(studies, first_numbers(studies), strict=True))
    note = (
        f"In figures, an optimizer is named with its study. In the table of trials, the studies are numbered {numbers}."
        if comparable
        else "The objectives or the data of the studies differ, so that this page has no common figures."
    )
    return f"<p>{text(note)}</p>\n{cards_html(cards)}"
