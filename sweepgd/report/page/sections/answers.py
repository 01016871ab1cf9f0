"""The sections that answer a question with figures and tables, and the section of recorded landscapes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from sweepgd.record import Results
from sweepgd.report.charts import Missing
from sweepgd.report.landscape_pictures import in_words, landscape_chart
from sweepgd.report.page.section import Section, answer_html, figure_html
from sweepgd.report.question_table import Answer
from sweepgd.report.study_figures import Figure
from sweepgd.report.summary_tables import answers


class Group(NamedTuple):
    """A section: its anchor and title, and the names of its figures in CHARTS and of its tables."""

    name: str
    title: str
    figures: Sequence[str]
    tables: Sequence[str]


GROUPS = (
    Group("best", "The best configurations", (), ("best", "learned_weights", "classes")),
    Group("training", "Training", ("loss_curves", "surface_paths"), ()),
    Group(
        "rates",
        "Learning rate and batch size",
        ("rate_batch_map", "by_learning_rate", "rate_curves", "rate_by_batch_size", "boundary_map"),
        ("by_batch_size", "best_rates", "rate_law", "stable_rates", "boundary"),
    ),
    Group(
        "batch-size",
        "What a larger batch saves, and what it costs",
        ("steps_by_batch_size", "time_by_batch_size", "equal_by_batch_size", "error_by_batch_size"),
        ("steps_to_target", "critical_sizes", "update_times", "equal_budgets"),
    ),
    Group(
        "sharpness",
        "Sharpness and generalization",
        ("measure_against_gap", "edge_of_stability", "spectral_density"),
        ("measures", "correlations", "granulated", "small_large", "stability", "invariance"),
    ),
    Group("optimizers", "Optimizers and schedules", ("expected_best",), ("by_optimizer", "by_schedule")),
    Group("images", "Images", ("mistakes", "first_layer"), ()),
    Group("hyperparameters", "Hyperparameters", ("importance", "slices"), ()),
)


def picture_section(figure: Figure | None) -> Section | None:
    """Return the figure that answers the question of the study best, or None if the study has no data for it."""
    return None if figure is None else Section("picture", "The picture to begin with", figure_html(figure))


def answer_sections(figures: Mapping[str, Figure], tables: Mapping[str, pa.Table], notes: Mapping[str, str]) -> list[Section]:
    """Return the sections of GROUPS that have a figure or a table. `notes` has a sentence for some of them, by name."""
    found = {name: answer for name, answer in answers(tables).items() if isinstance(answer, Answer)}
    # An empty table of the best configurations says why it is empty.
    shown = {name: answer for name, answer in found.items() if answer.shown or name == "best"}
    sections = []
    for group in GROUPS:
        parts = [figure_html(figures[name]) for name in group.figures if name in figures]
        parts += [answer_html(shown[name]) for name in group.tables if name in shown]
        if parts:
            note = [f'<p class="legend">{notes[group.name]}</p>'] if group.name in notes else []
            sections.append(Section(group.name, group.title, "\n".join([*note, *parts])))
    return sections


def landscape_section(results: Results) -> Section | None:
    """Return the recorded landscapes, each as a figure."""
    if not (results.directory / "landscapes").is_dir():
        return None
    from sweepgd.minimisers.landscape import landscape_files  # takes a second to import

    parts = []
    for file, table in landscape_files.each(results.directory):
        try:
            figure = Figure.of(file.stem, landscape_chart(table, results.trials))
        except Missing:
            continue
        parts.append(figure_html(figure._replace(caption="; ".join(filter(None, (in_words(table), figure.caption))))))
    return Section("landscapes", "Loss landscapes", "\n".join(parts)) if parts else None
